package dev.millrace.job.gateway;

import dev.millrace.job.config.GatewayLimits;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How the door is opened.
 *
 * @param host the address to listen on
 * @param port 0 takes a free one
 * @param keystore PKCS #12 with the certificate to speak TLS with; null speaks plain HTTP
 */
public record GatewayConfig(String host, int port, @Nullable Path keystore, GatewayLimits limits) {

  /** Where clients begin, without a path, if it listens on that port. */
  String url(int listens) {
    String named = host.contains(":") ? "[" + host + "]" : host; // of IPv6
    return "%s://%s:%d".formatted(keystore == null ? "http" : "https", named, listens);
  }

  /** Loopback, plain HTTP. */
  public static GatewayConfig local(int port, GatewayLimits limits) {
    return new GatewayConfig("127.0.0.1", port, null, limits);
  }
}
