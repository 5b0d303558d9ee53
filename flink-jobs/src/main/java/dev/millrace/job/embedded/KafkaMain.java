package dev.millrace.job.embedded;

import java.nio.file.Path;

/** A Kafka broker as a process of its own: {@code LOG_FOLDER PORT CONTROLLER_PORT}. */
final class KafkaMain {

  private KafkaMain() {}

  public static void main(String[] arguments) {
    KafkaBroker broker =
        KafkaBroker.start(
            Path.of(arguments[0]), Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
    Runtime.getRuntime().addShutdownHook(new Thread(broker::close, "kafka-shutdown"));
    broker.awaitShutdown();
  }
}
