package dev.millrace.job.embedded;

import dev.millrace.job.io.Keytool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.metadata.authorizer.StandardAuthorizer;

/**
 * A broker that takes users by SASL_SSL and lets them do what its access control list says; whoever
 * comes by its other port may do anything.
 */
public final class SecureBroker implements AutoCloseable {

  private static final String SECRET = "a secret of the tests";
  private static final String LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule";
  private static final String LISTENER = "listener.name.secure.";

  private final KafkaBroker broker;
  private final int port;
  private final Path certificate;

  private SecureBroker(KafkaBroker broker, int port, Path certificate) {
    this.broker = broker;
    this.port = port;
    this.certificate = certificate;
  }

  public static SecureBroker start(Path folder, List<String> users) throws Exception {
    Path keys = Files.createDirectories(folder).resolve("broker.p12");
    Path certificate = folder.resolve("broker.pem");
    Keytool.generate(keys, "ip:127.0.0.1", SECRET);
    Keytool.export(keys, SECRET, certificate);
    List<Integer> ports = FreePorts.find(3);
    Map<String, String> more = new HashMap<>();
    more.put(
        "listeners",
        "PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d,SECURE://127.0.0.1:%d"
            .formatted(ports.get(0), ports.get(1), ports.get(2)));
    more.put(
        "advertised.listeners",
        "PLAINTEXT://127.0.0.1:%d,SECURE://127.0.0.1:%d".formatted(ports.get(0), ports.get(2)));
    more.put(
        "listener.security.protocol.map",
        "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL");
    more.put("sasl.enabled.mechanisms", "PLAIN");
    more.put(
        LISTENER + "plain.sasl.jaas.config",
        users.stream()
            .map(user -> " user_%s=\"%s\"".formatted(user, SECRET))
            .collect(Collectors.joining("", LOGIN + " required", ";")));
    more.put(LISTENER + "ssl.keystore.type", "PKCS12");
    more.put(LISTENER + "ssl.keystore.location", keys.toString());
    more.put(LISTENER + "ssl.keystore.password", SECRET);
    more.put(LISTENER + "ssl.key.password", SECRET);
    more.put("authorizer.class.name", StandardAuthorizer.class.getName());
    more.put("super.users", "User:ANONYMOUS");
    KafkaBroker broker =
        KafkaBroker.start(folder.resolve("log"), ports.get(0), ports.get(1), null, more);
    return new SecureBroker(broker, ports.get(2), certificate);
  }

  /** Where whoever comes may do anything. */
  public String open() {
    return broker.bootstrapServers();
  }

  /** Where users come. */
  public String secure() {
    return "127.0.0.1:" + port;
  }

  /** Gives rights; a broker goes by them some time after it was answered that they are there. */
  public void allow(List<AclBinding> rights) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", open()))) {
      admin.createAcls(rights).all().get();
      while (!admin.describeAcls(AclBindingFilter.ANY).values().get().containsAll(rights)) {
        Thread.onSpinWait();
      }
    }
  }

  /** What a client of that user is configured with. */
  public Map<String, String> client(String user) {
    return Map.of(
        "security.protocol",
        "SASL_SSL",
        "sasl.mechanism",
        "PLAIN",
        "sasl.jaas.config",
        "%s required username=\"%s\" password=\"%s\";".formatted(LOGIN, user, SECRET),
        "ssl.truststore.type",
        "PEM",
        "ssl.truststore.location",
        certificate.toString());
  }

  @Override
  public void close() {
    broker.close();
  }
}
