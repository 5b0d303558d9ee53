package dev.millrace.job.embedded;

import dev.millrace.job.embedded.ClusterShape.KafkaRelay;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/** A broker of a test's own, which may end before the test does. */
public final class OwnBroker implements AutoCloseable {

  private final KafkaBroker broker;
  private final int port;

  private OwnBroker(KafkaBroker broker, int port) {
    this.broker = broker;
    this.port = port;
  }

  /**
   * Starts one.
   *
   * @param relay opens a port of its own to the one that it is given, and says which
   */
  public static OwnBroker start(Path folder, IntUnaryOperator relay) {
    List<Integer> ports = FreePorts.find(3);
    int relayed = relay.applyAsInt(ports.get(2));
    KafkaRelay behind = new KafkaRelay(ports.get(2), relayed);
    KafkaBroker broker =
        KafkaBroker.start(folder.resolve("log"), ports.get(0), ports.get(1), behind, Map.of());
    return new OwnBroker(broker, relayed);
  }

  /** Where its clients come: to the relay. */
  public String bootstrapServers() {
    return "127.0.0.1:" + port;
  }

  @Override
  public void close() {
    broker.close();
  }
}
