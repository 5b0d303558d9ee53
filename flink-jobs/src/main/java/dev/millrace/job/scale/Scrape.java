package dev.millrace.job.scale;

import dev.millrace.job.embedded.WholeAnswer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;

/** Reads what Prometheus would read of some processes. */
final class Scrape {

  private static final int OK = 200;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final String WAITING = "flink_taskmanager_job_task_operator_millrace_waiting{";

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

  /**
   * Requests that wait in all of them. Empty if one does not answer, or if no task says anything,
   * as while a job restarts: nobody knows then.
   */
  OptionalDouble waiting(List<URI> processes) throws InterruptedException {
    StringBuilder all = new StringBuilder();
    for (URI process : processes) {
      HttpRequest request = HttpRequest.newBuilder(process).timeout(PATIENCE).build();
      try {
        HttpResponse<String> answer = WholeAnswer.of(http, request);
        if (answer.statusCode() != OK) {
          return OptionalDouble.empty();
        }
        all.append(answer.body()).append('\n');
      } catch (IOException e) {
        return OptionalDouble.empty();
      }
    }
    return sum(all.toString());
  }

  /** The sum over all subtasks; empty if there is none. */
  static OptionalDouble sum(String scrape) {
    double[] waiting =
        scrape
            .lines()
            .filter(line -> line.startsWith(WAITING))
            .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
            .toArray();
    return waiting.length == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(DoubleStream.of(waiting).sum());
  }
}
