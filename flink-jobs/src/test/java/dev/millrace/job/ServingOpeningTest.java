package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.job.config.Secret;
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

  @Test
  void unkeyed_withAKey_saysNothing() {
    assertNull(ServingOpening.unkeyed("redis://redis:6379", new Secret("sixteen bytes at least")));
  }
}
