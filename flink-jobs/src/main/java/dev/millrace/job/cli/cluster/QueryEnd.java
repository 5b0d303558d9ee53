package dev.millrace.job.cli.cluster;

import dev.millrace.job.embedded.EndHook;
import dev.millrace.schema.wire.ErrorLine;
import java.io.PrintWriter;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.core.execution.JobClient;

/** Cancels a query on a cluster when this process is told to end: it would go on there for ever. */
final class QueryEnd implements AutoCloseable {

  private static final long MOST_SECONDS = 10;

  private final JobClient query;
  private final PrintWriter told;
  private final Thread hook = new Thread(this::end, "millrace-query-end");

  private QueryEnd(JobClient query, PrintWriter told) {
    this.query = query;
    this.told = told;
  }

  /**
   * Until it is closed.
   *
   * @param told if the query cannot be cancelled
   */
  static QueryEnd watch(JobClient query, PrintWriter told) {
    QueryEnd end = new QueryEnd(query, told);
    Runtime.getRuntime().addShutdownHook(end.hook);
    return end;
  }

  /** What the end of this process runs. */
  void end() {
    try {
      query.cancel().get(MOST_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      told.println(
          "job " + query.getJobID() + " goes on, it could not be cancelled: " + ErrorLine.of(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    EndHook.remove(hook);
  }
}
