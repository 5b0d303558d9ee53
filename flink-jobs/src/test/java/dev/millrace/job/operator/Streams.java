package dev.millrace.job.operator;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.millrace.adapter.align.AlignmentLearner;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.jspecify.annotations.Nullable;

/** Small records for tests, and what they wait for. */
public final class Streams {
  private Streams() {}

  /** Until it holds; fails where the job ends before. */
  public static void await(JobClient job, BooleanSupplier holds) throws Exception {
    while (!holds.getAsBoolean()) {
      JobStatus status = job.getJobStatus().get();
      assertFalse(status.isGloballyTerminalState(), "the job is " + status);
      Thread.sleep(5);
    }
  }

  /** Nothing is learned of pictures and sounds. */
  public static Opener<AlignmentLearner> noAlignments() {
    return subtask -> new Opened<>(AlignmentLearner.none("texts alone"), () -> {});
  }

  public static <H extends AbstractStreamOperatorTestHarness<?>> H opened(H harness)
      throws Exception {
    harness.open();
    return harness;
  }

  public static <H extends AbstractStreamOperatorTestHarness<?>> H restored(
      H harness, OperatorSubtaskState snapshot) throws Exception {
    harness.initializeState(snapshot);
    return opened(harness);
  }

  /** Keeps the counters, by {@code label=value} of each label and then the name. */
  public static MetricGroup counting(Map<String, Counter> counters) {
    return counting(counters, "");
  }

  private static MetricGroup counting(Map<String, Counter> counters, String labels) {
    return new UnregisteredMetricsGroup() {
      @Override
      public MetricGroup addGroup(String name) {
        return this;
      }

      @Override
      public MetricGroup addGroup(String key, String value) {
        return counting(counters, labels + key + "=" + value + " ");
      }

      @Override
      public Counter counter(String name) {
        return counters.computeIfAbsent(labels + name, n -> new SimpleCounter());
      }
    };
  }

  public static Sample sample(String domain, long offset, String text, long eventTimeMillis) {
    return Sample.ofText(
        domain + "-" + offset,
        "test",
        "document-" + offset,
        domain,
        text,
        eventTimeMillis,
        new Origin("samples", 0, offset));
  }

  public static ScoredSample scored(String domain, long offset, long eventTimeMillis) {
    Sample sample = sample(domain, offset, "text " + offset, eventTimeMillis);
    return new ScoredSample(sample, new int[] {1, 2, 3}, 1, 1, 1, false);
  }

  public static TrainingBatch batch(String domain, long number) {
    List<ScoredSample> samples =
        List.of(scored(domain, 2 * number, 0), scored(domain, 2 * number + 1, 0));
    return new TrainingBatch(null, domain, number, samples, List.of());
  }

  public static Request request(long offset) {
    return request("request-" + offset, null, "prompt " + offset, null, offset);
  }

  /** One that the fake responder knows the answer to. */
  public static Request known(long offset) {
    return request("request-" + offset, null, "known " + offset, null, offset);
  }

  /** One whose release the fake responder does not have in memory. */
  public static Request cold(long offset) {
    return request("request-" + offset, null, "cold " + offset, null, offset);
  }

  /** The same, asking for chunks of its answer. */
  public static Request streamed(Request r) {
    return request(r.id(), r.tenant(), r.prompt(), r.cancels(), true, r.origin().offset());
  }

  /** The same from a tenant. */
  public static Request fromTenant(String tenant, Request r) {
    return request(r.id(), tenant, r.prompt(), r.cancels(), r.origin().offset());
  }

  public static Request cancelling(String id, @Nullable String tenant, String cancels) {
    return request(id, tenant, "", cancels, 0);
  }

  private static Request request(
      String id, @Nullable String tenant, String prompt, @Nullable String cancels, long offset) {
    return request(id, tenant, prompt, cancels, false, offset);
  }

  private static Request request(
      String id,
      @Nullable String tenant,
      String prompt,
      @Nullable String cancels,
      boolean stream,
      long offset) {
    return Request.builder(id, Request.Task.SCORE, prompt)
        .tenant(tenant)
        .domain("cloud")
        .cached(false)
        .cancels(cancels)
        .stream(stream)
        .origin(new Origin("requests", 0, offset))
        .build();
  }
}
