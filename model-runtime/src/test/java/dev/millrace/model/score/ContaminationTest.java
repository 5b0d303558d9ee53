package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ContaminationTest {

  private static final double SIMILARITY = ScorerConfig.defaults().nearSimilarity();

  private final Random random = new Random(11);
  private final DomainMemory memory =
      DomainMemory.empty(ScorerConfig.defaults().memory(), Readers.NONE);

  @Test
  void check_otherText_isNot() {
    for (int i = 0; i < 200; i++) {
      memory.heldOut.add(signature(Samples.words(random, 15 + random.nextInt(60))));
      memory.near.add(signature(Samples.words(random, 15 + random.nextInt(60))));
      assertNull(check(Samples.words(random, 120), i % 2 == 0));
    }
  }

  /** Three bins of each band's four are equal: three quarters of all. */
  @Test
  void check_nearCopyThatSharesNoBand_isFoundOnBothSides() {
    String text = Samples.words(random, 100);
    long[] other = signature(text);
    for (int word = 0; word < other.length; word++) {
      other[word] ^= 0x0000_0001_0000_0001L;
    }
    memory.heldOut.add(other);
    assertEquals(0, memory.heldOut.nearest(signature(text)));
    Stage.Refusal teaches = check(text, false);
    assertNotNull(teaches);
    assertEquals(Reason.NEAR_HELD_OUT, teaches.reason());
    memory.near.add(other);
    Stage.Refusal judges = check(text, true);
    assertNotNull(judges);
    assertEquals(Reason.HELD_OUT_NEAR_TRAIN, judges.reason());
  }

  private Stage.@Nullable Refusal check(String text, boolean heldOut) {
    Candidate candidate = new Candidate(Samples.of("document", text), heldOut);
    candidate.normalized = Normalizer.normalize(text);
    candidate.signature = MinHash.of(candidate.normalized);
    return new Contamination(SIMILARITY).check(candidate, memory);
  }

  private static long[] signature(String text) {
    return MinHash.of(Normalizer.normalize(text));
  }
}
