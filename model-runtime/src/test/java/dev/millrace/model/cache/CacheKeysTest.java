package dev.millrace.model.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.cache.Requests.Drawn;
import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CacheKeysTest {

  private static final CacheKeys KEYS = CacheKeys.of(new byte[16]);

  private static final List<List<String>> STOPS =
      List.of(
          List.of(),
          List.of("a"),
          List.of("b"),
          List.of("ab"),
          List.of("a", "b"),
          List.of("ab", ""));

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
  void scope_confusableRequests_differUnlessOnlyTheirPromptsDo() {
    Set<CacheKey> scopes = new HashSet<>();
    String[] tenants = {null, "", "a", "ab"};
    String[] models = {"", "a", "b", "ab"};
    for (String tenant : tenants) {
      for (String model : models) {
        for (int maxTokens : new int[] {8, 9}) {
          for (String prompt : new String[] {"", "a", "ab"}) {
            scopes.add(
                KEYS.scope(Requests.of(tenant, Task.GENERATE, prompt, maxTokens, 0, 0), model));
          }
        }
      }
    }
    assertEquals(tenants.length * models.length * 2, scopes.size());
    Request empty = Requests.of("a", Task.GENERATE, "", 8, 0, 0);
    assertNotEquals(KEYS.key(empty, "m"), KEYS.scope(empty, "m"));
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
  void key_logProbs_differWhereTextIsGenerated() {
    for (Task task : Task.values()) {
      Request plain = Requests.of("t", task, "p");
      Request asking = plain.toBuilder().logProbs(true).build();
      boolean same = task != Task.GENERATE;
      assertEquals(same, KEYS.key(plain, "m").equals(KEYS.key(asking, "m")), task.name());
      assertEquals(same, KEYS.scope(plain, "m").equals(KEYS.scope(asking, "m")), task.name());
    }
  }

  @Test
  void key_selectionOrStopTextsOfAnother_differ() {
    List<Drawn> drawn = new ArrayList<>();
    for (int topK : new int[] {0, 1, 40}) {
      for (double topP : new double[] {1, 0.9}) {
        for (List<String> stop : STOPS) {
          drawn.add(new Drawn(0.7, topK, topP, 3, stop));
        }
      }
    }
    STOPS.forEach(stop -> drawn.add(new Drawn(0, 0, 1, 0, stop)));
    Set<CacheKey> keys = new HashSet<>();
    drawn.forEach(d -> keys.add(KEYS.key(Requests.of("t", Task.GENERATE, "p", 8, d), "m")));
    assertEquals(drawn.size(), keys.size());
  }

  @Test
  void key_parametersThatChangeNothing_agree() {
    assertEquals(
        KEYS.key(Requests.of("t", Task.SCORE, "p", 8, 0, 0), "m"),
        KEYS.key(Requests.of("t", Task.SCORE, "p", 9, 1, 7), "m"));
    assertEquals(
        KEYS.key(Requests.of("t", Task.GENERATE, "p", 8, 0, 1), "m"),
        KEYS.key(Requests.of("t", Task.GENERATE, "p", 8, 0, 2), "m"));
    assertEquals(
        KEYS.key(Requests.of("t", Task.GENERATE, "p", 8, 0, 0), "m"),
        KEYS.key(Requests.of("t", Task.GENERATE, "p", 8, new Drawn(0, 5, 0.5, 0, List.of())), "m"));
  }

  @Test
  void keyAndScope_mediaOfAnotherModalityOrOtherBytes_differ() {
    Request plain = Requests.of("t", Task.EMBED, "");
    Set<CacheKey> keys = new HashSet<>(List.of(KEYS.key(plain, "m"), KEYS.scope(plain, "m")));
    for (Modality modality : Modality.values()) {
      for (byte[] bytes : new byte[][] {{1}, {2}}) {
        Request shown = plain.toBuilder().media(new Media(modality, bytes)).build();
        keys.add(KEYS.key(shown, "m"));
        keys.add(KEYS.scope(shown, "m"));
      }
    }
    assertEquals(2 + 4 * Modality.values().length, keys.size());
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
