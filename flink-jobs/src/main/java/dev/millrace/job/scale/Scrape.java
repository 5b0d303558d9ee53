package dev.millrace.job.scale;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;

/** Reads what Prometheus would read of some processes. */
final class Scrape {

  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final String WAITING = "flink_taskmanager_job_task_operator_millrace_waiting{";

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

  /** Requests that wait in all of them; a process that does not answer counts nothing. */
  double waiting(List<URI> processes) throws InterruptedException {
    double sum = 0;
    for (URI process : processes) {
      sum += waiting(process);
    }
    return sum;
  }

  private double waiting(URI process) throws InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(process).timeout(PATIENCE).build();
    try {
      return sum(http.send(request, BodyHandlers.ofString()).body());
    } catch (IOException e) {
      return 0;
    }
  }

  /** The sum over all subtasks in one process' text. */
  static double sum(String scrape) {
    return scrape
        .lines()
        .filter(line -> line.startsWith(WAITING))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }
}
