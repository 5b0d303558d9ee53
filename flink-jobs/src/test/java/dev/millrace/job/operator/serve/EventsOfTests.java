package dev.millrace.job.operator.serve;

import java.util.Properties;
import org.apache.flink.events.Event;
import org.apache.flink.events.reporter.EventReporter;
import org.apache.flink.events.reporter.EventReporterFactory;
import org.apache.flink.metrics.MetricConfig;

/** Hands Flink's events about releases to the test that runs. */
public final class EventsOfTests implements EventReporterFactory {

  @Override
  public EventReporter createEventReporter(Properties properties) {
    return new EventReporter() {
      @Override
      public void notifyOfAddedEvent(Event event) {
        if (event.getName().startsWith("Release")) {
          TogetherActivationTest.told(
              event.getName(), String.valueOf(event.getAttributes().get("release")));
        }
      }

      @Override
      public void open(MetricConfig config) {}

      @Override
      public void close() {}
    };
  }
}
