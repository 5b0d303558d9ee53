package dev.millrace.job.gateway;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How the door is opened.
 *
 * @param host the address to listen on
 * @param port 0 takes a free one
 * @param keystore PKCS #12 with the certificate to speak TLS with; null speaks plain HTTP
 * @param patience how long an answer is waited for
 * @param inFlight requests and calls that teach which one tenant may have under way at once
 * @param streams of one tenant that may be open at once
 * @param bodyBytes the largest body that is read
 */
public record GatewayConfig(
    String host,
    int port,
    @Nullable Path keystore,
    Duration patience,
    int inFlight,
    int streams,
    long bodyBytes) {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int IN_FLIGHT = 256;
  private static final int STREAMS = 32;
  private static final long BODY_BYTES = 8 << 20;

  /** Loopback, plain HTTP. */
  public static GatewayConfig local(int port) {
    return new GatewayConfig("127.0.0.1", port, null, PATIENCE, IN_FLIGHT, STREAMS, BODY_BYTES);
  }
}
