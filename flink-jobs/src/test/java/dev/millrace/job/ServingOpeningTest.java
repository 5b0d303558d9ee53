package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.config.Secret;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServingOpeningTest {

  private static final Secret NONE = new Secret(null);

  @Test
  void unkeyed_redisOfOthersAndNoKey_saysWhatThatMeans() {
    assertEquals(
        "redis.uri is redis://redis:6379, and the environment has no MILLRACE_CACHE_KEY: whoever can write there can forge answers, for they are signed by a key that everybody knows",
        ServingOpening.unkeyed("redis://redis:6379", NONE));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "redis://127.0.0.1:6379", "rediss://localhost/1"})
  void unkeyed_nobodyElseReachesRedis_saysNothing(String uri) {
    assertNull(ServingOpening.unkeyed(uri, NONE));
  }

  /** Serve started again and again, and no message named the variable. */
  @Test
  void cacheKey_shorterThanWhatSigns_isRefusedByTheNameOfItsVariable() {
    for (String key : List.of("", "fifteen bytes !")) {
      Exception refused =
          assertThrows(
              IllegalArgumentException.class, () -> ServingOpening.cacheKey(new Secret(key)));
      assertEquals(
          "MILLRACE_CACHE_KEY has %d bytes, expected at least 16, or that it is not set"
              .formatted(key.length()),
          refused.getMessage());
    }
    assertEquals(16, ServingOpening.cacheKey(new Secret("sixteen bytes !!")).length);
    assertEquals(21, ServingOpening.cacheKey(NONE).length);
  }

  @Test
  void unkeyed_withAKey_saysNothing() {
    assertNull(ServingOpening.unkeyed("redis://redis:6379", new Secret("sixteen bytes at least")));
  }
}
