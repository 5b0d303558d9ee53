package dev.millrace.job.cli.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.junit.jupiter.api.Test;

class QueryEndTest {

  private final StringWriter told = new StringWriter();

  @Test
  void end_queryRuns_isCancelled() {
    Query query = new Query(CompletableFuture.completedFuture(null));
    try (QueryEnd end = QueryEnd.watch(query, new PrintWriter(told, true))) {
      end.end();
    }
    assertTrue(query.cancelled);
    assertEquals("", told.toString());
  }

  @Test
  void end_clusterRefuses_isTold() {
    Query query =
        new Query(CompletableFuture.failedFuture(new IllegalStateException("it is away")));
    try (QueryEnd end = QueryEnd.watch(query, new PrintWriter(told, true))) {
      end.end();
    }
    assertTrue(told.toString().contains("goes on, it could not be cancelled"), told::toString);
    assertTrue(told.toString().contains("it is away"), told::toString);
  }

  /** A query on no cluster. */
  private static final class Query implements JobClient {
    private final CompletableFuture<Void> answer;
    private boolean cancelled;

    Query(CompletableFuture<Void> answer) {
      this.answer = answer;
    }

    @Override
    public JobID getJobID() {
      return new JobID(1, 2);
    }

    @Override
    public CompletableFuture<Void> cancel() {
      cancelled = true;
      return answer;
    }

    @Override
    public CompletableFuture<JobStatus> getJobStatus() {
      return CompletableFuture.completedFuture(JobStatus.RUNNING);
    }

    @Override
    public CompletableFuture<String> stopWithSavepoint(
        boolean drain, String folder, SavepointFormatType format) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<String> triggerSavepoint(String folder, SavepointFormatType format) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<Map<String, Object>> getAccumulators() {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<JobExecutionResult> getJobExecutionResult() {
      throw new UnsupportedOperationException();
    }
  }
}
