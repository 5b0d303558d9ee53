package dev.millrace.job.embedded;

import dev.millrace.job.embedded.ClusterShape.KafkaRelay;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * A Kafka broker as a process of its own: {@code LOG_FOLDER PORT CONTROLLER_PORT [RELAYED_PORT
 * ADVERTISED_PORT]}.
 */
final class KafkaMain {

  /**
   * It may be killed: its successor is not let in before its session is over, nine seconds by
   * default.
   */
  private static final Map<String, String> MORTAL =
      Map.of("broker.session.timeout.ms", "3000", "broker.heartbeat.interval.ms", "500");

  private KafkaMain() {}

  public static void main(String[] arguments) {
    int[] ports = Arrays.stream(arguments).skip(1).mapToInt(Integer::parseInt).toArray();
    KafkaRelay relay = ports.length == 4 ? new KafkaRelay(ports[2], ports[3]) : null;
    KafkaBroker broker =
        KafkaBroker.start(Path.of(arguments[0]), ports[0], ports[1], relay, MORTAL);
    Runtime.getRuntime().addShutdownHook(new Thread(broker::close, "kafka-shutdown"));
    broker.awaitShutdown();
  }
}
