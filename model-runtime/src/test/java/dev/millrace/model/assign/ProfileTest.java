package dev.millrace.model.assign;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.weights.InvalidWeightsException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ProfileTest {

  private static final int VOCABULARY = 50;
  private static final KnownTexts KNOWN = KnownTexts.of(List.of(text(1, 2000, 0)), VOCABULARY);
  private static final double MICRO = 1e-6;

  @Test
  void odds_randomTexts_areThoseOfTheTextbook() {
    List<int[]> texts = List.of(text(2, 300, 10), text(3, 500, 20));
    Profile profile = Profile.empty().with(texts, KNOWN);
    for (int seed = 10; seed < 30; seed++) {
      int[] text = text(seed, 40, seed);
      assertEquals(
          naiveBayes(text, texts), profile.odds(text) * MICRO, text.length * MICRO, "seed " + seed);
    }
  }

  /** Σ log p(token | domain) − log p(token | base), each p smoothed. */
  private static double naiveBayes(int[] text, List<int[]> domain) {
    double sum = 0;
    int size = domain.stream().mapToInt(t -> t.length).sum();
    for (int token : text) {
      long inDomain = domain.stream().flatMapToInt(Arrays::stream).filter(t -> t == token).count();
      long inBase = Arrays.stream(text(1, 2000, 0)).filter(t -> t == token).count();
      double base = (inBase + 1.0) / (2000 + VOCABULARY);
      sum += Math.log((inDomain + 1000 * base) / (size + 1000.0)) - Math.log(base);
    }
    return sum;
  }

  @Test
  void with_oneByOneOrTogether_isTheSame() {
    int[] a = text(2, 300, 10);
    int[] b = text(3, 500, 20);
    assertArrayEquals(
        Profile.empty().with(List.of(a, b), KNOWN).toBytes(),
        Profile.empty().with(List.of(b), KNOWN).with(List.of(a), KNOWN).toBytes());
  }

  @Test
  void with_moreThanIsRecent_followsTheNewTexts() {
    Profile old = Profile.empty();
    for (int i = 0; i < 20; i++) {
      old = old.with(List.of(filled(5_000, 1)), KNOWN);
    }
    Profile changed = old;
    for (int i = 0; i < 20; i++) {
      changed = changed.with(List.of(filled(5_000, 2)), KNOWN);
    }
    assertTrue(old.odds(new int[] {1}) > old.odds(new int[] {2}));
    assertTrue(changed.odds(new int[] {2}) > changed.odds(new int[] {1}));
    assertTrue(Arrays.stream(changed.counts).sum() <= Profile.RECENT);
  }

  @Test
  void parse_written_judgesAlike() {
    for (Profile profile :
        List.of(Profile.empty(), Profile.empty().with(List.of(text(2, 300, 10)), KNOWN))) {
      Profile read = Profile.parse(profile.toBytes());
      assertArrayEquals(profile.toBytes(), read.toBytes());
      assertEquals(profile.odds(text(9, 40, 0)), read.odds(text(9, 40, 0)));
    }
  }

  @Test
  void parse_damaged_isRefusedOrStillAProfile() {
    byte[] bytes = Profile.empty().with(List.of(text(2, 60, 10)), KNOWN).toBytes();
    Random random = new Random(1);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = bytes.clone();
      damaged[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      try {
        Profile.parse(damaged).odds(text(3, 10, 0));
      } catch (InvalidWeightsException e) {
        assertFalse(e.getMessage().isBlank());
        refused++;
      }
    }
    assertTrue(refused > 10_000, refused + " refused");
  }

  @Test
  void parse_whatNoProfileHas_isRefused() {
    assertRefused("token 1 after 1", new Profile(new int[] {1, 1}, ones(2), ones(2), 9, 9));
    assertRefused("tokens 9", new Profile(new int[] {9}, ones(1), ones(1), 9, 9));
    assertRefused("counts 0", new Profile(new int[] {1}, new int[1], ones(1), 9, 9));
    assertRefused("known 10", new Profile(new int[] {1}, ones(1), new int[] {10}, 9, 9));
    int[] many = {Profile.RECENT, 1};
    assertRefused("sum of counts 65537", new Profile(new int[] {1, 2}, many, ones(2), 9, 9));
    assertRefused("known_tokens -9", new Profile(new int[0], ones(0), ones(0), -9, 9));
    assertRefused("vocab_size 0", new Profile(new int[0], ones(0), ones(0), 9, 0));
  }

  private static void assertRefused(String problem, Profile profile) {
    byte[] bytes = profile.toBytes();
    Exception e = assertThrows(InvalidWeightsException.class, () -> Profile.parse(bytes));
    assertTrue(String.valueOf(e.getMessage()).contains(problem), e.getMessage());
  }

  @Test
  void assignment_textOfADomain_isItsDomainAndALittleTextIsNobodys() {
    Map<String, Profile> profiles = new TreeMap<>();
    for (int offset : List.of(10, 20, 30)) {
      Profile profile = Profile.empty().with(List.of(text(offset, 2000, offset)), KNOWN);
      profiles.put("domain-" + offset, profile);
    }
    for (int offset : List.of(10, 20, 30)) {
      Assignment<String> assignment = Assignment.of(text(7, 30, offset), new TreeMap<>(profiles));
      assertNotNull(assignment);
      assertEquals("domain-" + offset, assignment.domain());
      assertTrue(assignment.nats() >= Assignment.LEAST_NATS);
    }
    assertNull(Assignment.of(text(8, 30, 0), new TreeMap<>(profiles)), "the base's own text");
    assertNull(Assignment.of(new int[0], new TreeMap<>(profiles)));
    assertNull(Assignment.of(text(7, 30, 10), new TreeMap<String, Profile>()));
  }

  @Test
  void assignment_twoLevelDomains_isTheFirst() {
    Profile profile = Profile.empty().with(List.of(text(10, 2000, 10)), KNOWN);
    Assignment<String> assignment =
        Assignment.of(text(7, 30, 10), new TreeMap<>(Map.of("b", profile, "a", profile)));
    assertNotNull(assignment);
    assertEquals("a", assignment.domain());
  }

  private static int[] ones(int n) {
    return filled(n, 1);
  }

  private static int[] filled(int n, int value) {
    int[] filled = new int[n];
    Arrays.fill(filled, value);
    return filled;
  }

  /** Small ids are likely, counted from an offset on. */
  private static int[] text(int seed, int length, int offset) {
    Random random = new Random(seed);
    return random
        .ints(length, 0, VOCABULARY)
        .map(t -> (t * t / VOCABULARY + offset) % VOCABULARY)
        .toArray();
  }
}
