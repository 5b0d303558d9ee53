package dev.millrace.model.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Request.Task;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CacheKeysTest {

  private static final CacheKeys KEYS = CacheKeys.of(new byte[16]);

  @Test
  void key_confusableRequests_allDiffer() {
    Set<CacheKey> keys = new HashSet<>();
    String[] tenants = {null, "", "a", "ab", "abc"};
    String[] models = {"", "a", "b", "bc", "abc", "c"};
    String[] prompts = {"", "a", "c", "bc", "abc", "SCORE", "\0\0\0\1a"};
    int asked = 0;
    for (String tenant : tenants) {
      for (String model : models) {
        for (String prompt : prompts) {
          for (Task task : Task.values()) {
            keys.add(KEYS.key(Requests.of(tenant, task, prompt), model));
            asked++;
          }
        }
      }
    }
    assertEquals(asked, keys.size());
  }

  @Test
  void key_parametersThatChangeTheAnswer_differ() {
    Set<CacheKey> keys = new HashSet<>();
    keys.add(KEYS.key(Requests.of("t", Task.GENERATE, "p", 8, 0, 0), "m"));
    keys.add(KEYS.key(Requests.of("t", Task.GENERATE, "p", 9, 0, 0), "m"));
    keys.add(KEYS.key(Requests.of("t", Task.GENERATE, "p", 8, 0.5, 0), "m"));
    keys.add(KEYS.key(Requests.of("t", Task.GENERATE, "p", 8, 0.5, 1), "m"));
    keys.add(KEYS.key(Requests.of("t", Task.GENERATE, "p", 8, 1, 0), "m"));
    assertEquals(5, keys.size());
  }

  @Test
  void key_parametersThatChangeNothing_agree() {
    assertEquals(
        KEYS.key(Requests.of("t", Task.SCORE, "p", 8, 0, 0), "m"),
        KEYS.key(Requests.of("t", Task.SCORE, "p", 9, 1, 7), "m"));
    assertEquals(
        KEYS.key(Requests.of("t", Task.GENERATE, "p", 8, 0, 1), "m"),
        KEYS.key(Requests.of("t", Task.GENERATE, "p", 8, 0, 2), "m"));
  }

  @Test
  void key_otherSecret_differs() {
    byte[] secret = new byte[16];
    secret[15] = 1;
    assertNotEquals(
        KEYS.key(Requests.of("t", Task.SCORE, "p"), "m"),
        CacheKeys.of(secret).key(Requests.of("t", Task.SCORE, "p"), "m"));
  }

  @Test
  void of_shortSecret_isRefused() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> CacheKeys.of(new byte[3])).getMessage();
    assertTrue(message.contains("3 bytes, expected at least 16"), message);
  }
}
