package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.config.GatewayLimits;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GatewayConfigTest {

  /** No client opens {@code http://::1:8080}. */
  @Test
  void url_addressOfIpV6_isInBrackets() {
    assertEquals("http://[::1]:8080", url("::1", null));
    assertEquals(8080, URI.create(url("::1", null)).getPort());
    assertEquals("https://gateway.example:8080", url("gateway.example", Path.of("keystore")));
  }

  private static String url(String host, @Nullable Path keystore) {
    return new GatewayConfig(host, 0, keystore, new GatewayLimits(1, 1, 1, 1)).url(8080);
  }
}
