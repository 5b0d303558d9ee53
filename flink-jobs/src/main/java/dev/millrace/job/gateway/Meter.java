package dev.millrace.job.gateway;

import dev.millrace.schema.Answer;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What the door counts, for Prometheus. */
final class Meter {

  static final String TEXT = PrometheusTextFormatWriter.CONTENT_TYPE;

  private final PrometheusRegistry registry = new PrometheusRegistry();

  private final Counter calls =
      Counter.builder()
          .name("millrace_gateway_calls")
          .help("HTTP calls by route and status.")
          .labelNames("route", "status")
          .register(registry);

  private final Histogram seconds =
      Histogram.builder()
          .name("millrace_gateway_answer_seconds")
          .help("From a call to its committed answer.")
          .classicUpperBounds(.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60)
          .register(registry);

  private final Counter answers =
      Counter.builder()
          .name("millrace_gateway_answers")
          .help("Answers by where they came from.")
          .labelNames("from")
          .register(registry);

  private final Counter ratings =
      Counter.builder()
          .name("millrace_gateway_ratings")
          .help("Ratings of answers.")
          .labelNames("rating")
          .register(registry);

  private final Gauge inFlight =
      Gauge.builder()
          .name("millrace_gateway_in_flight")
          .help("Calls that wait for an answer.")
          .register(registry);

  void call(String route, int status) {
    calls.labelValues(route, Integer.toString(status)).inc();
  }

  void rated(String rating) {
    ratings.labelValues(rating).inc();
  }

  void begun() {
    inFlight.inc();
  }

  void ended() {
    inFlight.dec();
  }

  /**
   * A request has ended.
   *
   * @param answer null if it has none
   */
  void took(@Nullable Answer answer, long nanos) {
    if (answer == null) {
      return;
    }
    answers.labelValues(Replies.from(answer)).inc();
    seconds.observe(nanos / 1e9);
  }

  /** Everything in Prometheus' text format. */
  String scrape() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      PrometheusTextFormatWriter.create().write(out, registry.scrape());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toString(StandardCharsets.UTF_8);
  }
}
