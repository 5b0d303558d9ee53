package dev.millrace.job.operator.learn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.adapter.exchange.Call;
import dev.millrace.adapter.exchange.Report;
import java.util.List;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.mailbox.SyncMailboxExecutor;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class ReturnFunctionTest {

  private static final Report REPORT = new Report(new Call(3, 1), 0, 0, new byte[0], List.of());

  /** A job that stops ends them in the middle of a lesson, and their trainers afterwards. */
  @Test
  void processElement_whoLearnsHasEnded_isDropped() throws Exception {
    try (var harness =
        new OneInputStreamOperatorTestHarness<Report, Void>(
            new ProcessOperator<>(new ReturnFunction()))) {
      harness.open();
      JobID job = harness.getEnvironment().getJobID();
      TrainerLink link = new TrainerLink(new SyncMailboxExecutor(), 3, 4, 60_000, order -> {});
      ReturnFunction.open(job, 3, link);
      harness.processElement(REPORT, 0);
      ReturnFunction.close(job, 3, link);
      harness.processElement(REPORT, 0);
      assertEquals(List.of(), List.copyOf(harness.getOutput()));
    }
  }

  @Test
  void processElement_whoLearnsIsElsewhere_fails() throws Exception {
    try (var harness =
        new OneInputStreamOperatorTestHarness<Report, Void>(
            new ProcessOperator<>(new ReturnFunction()))) {
      harness.open();
      assertThrows(IllegalStateException.class, () -> harness.processElement(REPORT, 0));
    }
  }
}
