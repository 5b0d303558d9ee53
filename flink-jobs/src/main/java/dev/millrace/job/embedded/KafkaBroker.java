package dev.millrace.job.embedded;

import dev.millrace.job.embedded.ClusterShape.KafkaRelay;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;
import org.jspecify.annotations.Nullable;

/** One KRaft broker with its controller, listening on loopback. */
final class KafkaBroker implements AutoCloseable {

  private static final int ATTEMPTS = 3;
  private static final int NODE = 1;

  private final KafkaRaftServer server;
  private final int port;

  private KafkaBroker(KafkaRaftServer server, int port) {
    this.server = server;
    this.port = port;
  }

  /** Starts a broker on free ports; another process may take one meanwhile, so it tries anew. */
  static KafkaBroker start(Path directory) {
    throwInsteadOfExiting();
    RuntimeException last = new IllegalStateException("no attempt was made");
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      List<Integer> ports = FreePorts.find(2);
      try {
        Path log = directory.resolve("log-" + attempt);
        return start(log, ports.get(0), ports.get(1), null, Map.of());
      } catch (RuntimeException e) {
        last = e;
      }
    }
    throw last;
  }

  /**
   * Starts a broker on the ports given; a folder that holds a broker's log is taken up again.
   *
   * @param more properties on top of ours
   */
  static KafkaBroker start(
      Path log,
      int port,
      int controllerPort,
      @Nullable KafkaRelay relay,
      Map<String, String> more) {
    Properties properties = properties(log, port, controllerPort, relay);
    properties.putAll(more);
    if (!Files.exists(log.resolve("meta.properties"))) {
      format(log);
    }
    KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(properties), Time.SYSTEM);
    try {
      server.startup();
    } catch (RuntimeException e) {
      server.shutdown();
      throw new IllegalStateException(
          "the Kafka broker did not start on " + properties.get("listeners"), e);
    }
    return new KafkaBroker(server, port);
  }

  String bootstrapServers() {
    return "127.0.0.1:" + port;
  }

  void awaitShutdown() {
    server.awaitShutdown();
  }

  @Override
  public void close() {
    server.shutdown();
    server.awaitShutdown();
  }

  /** A broker that meets a fatal fault ends its process; inside ours it must not. */
  private static void throwInsteadOfExiting() {
    Exit.Procedure refuse =
        (status, message) -> {
          throw new IllegalStateException("the Kafka broker gave up: " + message);
        };
    Exit.setExitProcedure(refuse);
    Exit.setHaltProcedure(refuse);
  }

  private static void format(Path log) {
    try {
      Files.createDirectories(log);
      new Formatter()
          .setClusterId(Uuid.randomUuid().toString())
          .setNodeId(NODE)
          .setReleaseVersion(MetadataVersion.latestProduction())
          .setControllerListenerName("CONTROLLER")
          .setMetadataLogDirectory(log.toString())
          .addDirectory(log.toString())
          .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
          .run();
    } catch (Exception e) {
      throw new IllegalStateException("cannot format the Kafka log folder " + log, e);
    }
  }

  private static Properties properties(
      Path log, int port, int controllerPort, @Nullable KafkaRelay relay) {
    Properties p = new Properties();
    p.setProperty("process.roles", "broker,controller");
    p.setProperty("node.id", String.valueOf(NODE));
    String relayed = relay == null ? "" : ",RELAYED://127.0.0.1:" + relay.listens();
    String advertised = relay == null ? "" : ",RELAYED://127.0.0.1:" + relay.advertised();
    p.setProperty(
        "listeners",
        "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort + relayed);
    p.setProperty("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port + advertised);
    p.setProperty(
        "listener.security.protocol.map",
        "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,RELAYED:PLAINTEXT");
    p.setProperty("controller.listener.names", "CONTROLLER");
    p.setProperty("controller.quorum.voters", NODE + "@127.0.0.1:" + controllerPort);
    p.setProperty("log.dirs", log.toString());
    p.setProperty("auto.create.topics.enable", "false");
    p.setProperty("message.max.bytes", "16777216");
    p.setProperty("group.initial.rebalance.delay.ms", "0");
    single(p);
    small(p);
    return p;
  }

  private static void single(Properties p) {
    p.setProperty("offsets.topic.replication.factor", "1");
    p.setProperty("offsets.topic.num.partitions", "4");
    p.setProperty("transaction.state.log.replication.factor", "1");
    p.setProperty("transaction.state.log.min.isr", "1");
    p.setProperty("transaction.state.log.num.partitions", "4");
    p.setProperty("share.coordinator.state.topic.replication.factor", "1");
    p.setProperty("share.coordinator.state.topic.min.isr", "1");
    p.setProperty("share.coordinator.state.topic.num.partitions", "1");
  }

  private static void small(Properties p) {
    p.setProperty("num.network.threads", "2");
    p.setProperty("num.io.threads", "2");
    p.setProperty("background.threads", "2");
    p.setProperty("log.cleaner.dedupe.buffer.size", "4194304");
    p.setProperty("log.cleaner.io.buffer.size", "131072");
    p.setProperty("log.index.size.max.bytes", "1048576");
  }
}
