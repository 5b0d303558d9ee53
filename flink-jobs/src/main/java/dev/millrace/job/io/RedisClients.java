package dev.millrace.job.io;

import dev.millrace.job.config.RedisConfig;
import dev.millrace.job.config.Secret;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.UnifiedJedis;

/** Connects to Redis: one server or a cluster, in the clear or by TLS, as the URI says. */
final class RedisClients {

  private static final int CONNECTIONS = 4;
  private static final int PORT = 6379;

  private RedisClients() {}

  /**
   * A client for {@code redis[s][+cluster]://host:port[,host:port…][/database]}.
   *
   * @throws RuntimeException if a cluster does not say who it is
   */
  static UnifiedJedis connect(RedisConfig config, Secret password) {
    String scheme = config.uri().substring(0, config.uri().indexOf("://"));
    String[] place = config.uri().substring(scheme.length() + 3).split("/", 2);
    int database = place.length < 2 || place[1].isEmpty() ? 0 : Integer.parseInt(place[1]);
    Set<HostAndPort> nodes =
        Arrays.stream(place[0].split(",", -1))
            .map(RedisClients::node)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    JedisClientConfig client = client(config, password, database, scheme.startsWith("rediss"));
    return scheme.endsWith("+cluster")
        ? RedisClusterClient.builder()
            .nodes(nodes)
            .maxAttempts(1 + nodes.size()) // a slot that moved sends us on
            .maxTotalRetriesDuration(Duration.ofMillis(config.timeoutMillis()))
            .poolConfig(pool(config))
            .clientConfig(client)
            .build()
        : RedisClient.builder()
            .hostAndPort(nodes.iterator().next())
            .poolConfig(pool(config))
            .clientConfig(client)
            .build();
  }

  private static HostAndPort node(String place) {
    return place.contains(":") ? HostAndPort.from(place) : new HostAndPort(place, PORT);
  }

  private static ConnectionPoolConfig pool(RedisConfig config) {
    ConnectionPoolConfig pool = new ConnectionPoolConfig();
    pool.setMaxTotal(CONNECTIONS);
    pool.setMaxWait(Duration.ofMillis(config.timeoutMillis()));
    return pool;
  }

  private static JedisClientConfig client(
      RedisConfig config, Secret password, int database, boolean tls) {
    DefaultJedisClientConfig.Builder client =
        DefaultJedisClientConfig.builder()
            .timeoutMillis(config.timeoutMillis())
            .database(database)
            .user(config.user().isEmpty() ? null : config.user())
            .password(password.value());
    if (tls) {
      client.sslOptions(
          config.caFile().isEmpty() ? SslOptions.defaults() : trusting(Path.of(config.caFile())));
    }
    return client.build();
  }

  /** Trusts the certificates of a PEM file and no others. */
  private static SslOptions trusting(Path caFile) {
    char[] noSecret = "none".toCharArray();
    try (InputStream in = Files.newInputStream(caFile)) {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, noSecret);
      for (Certificate ca : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        trusted.setCertificateEntry("ca-" + trusted.size(), ca);
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      trusted.store(bytes, noSecret);
      return SslOptions.builder()
          .trustStoreType("PKCS12")
          .truststore(() -> new ByteArrayInputStream(bytes.toByteArray()), noSecret)
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException("redis.caFile " + caFile + ", expected a PEM file", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("redis.caFile " + caFile + ", expected certificates", e);
    }
  }
}
