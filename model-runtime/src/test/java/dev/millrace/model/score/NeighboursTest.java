package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.TokenSet;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NeighboursTest {

  private static final int VOCABULARY = 1_000;

  private final Random random = new Random(8);

  /** The base knows texts of tokens 0 to 199. */
  private final KnownTexts known =
      KnownTexts.of(random.ints(100, 0, 1).mapToObj(i -> tokens(0)).toList(), VOCABULARY);

  private final Neighbours neighbours = new Neighbours(64, 128);

  @Test
  void rank_beforeEnoughIsKnown_isAHalf() {
    for (int i = 0; i < 8; i++) {
      assertEquals(0.5, shown(400), "at " + i);
    }
    assertEquals(0, rank(0));
  }

  @Test
  void rank_kindThatIsASmallPartOfTheDomain_isFar() {
    for (int i = 0; i < 100; i++) {
      shown(i % 5 == 0 ? 700 : 400);
    }
    double domain = 0;
    for (int i = 0; i < 50; i++) {
      domain += rank(400) / 50;
    }
    assertTrue(domain > 0.6, "rank " + domain);
    assertTrue(rank(700) < 0.5, "rank of what is a fifth");
  }

  @Test
  void rank_domainOfTwoHalves_bothAreNear() {
    for (int i = 0; i < 100; i++) {
      shown(i % 2 == 0 ? 700 : 400);
    }
    double[] halves = new double[2];
    for (int i = 0; i < 100; i++) {
      halves[i % 2] += rank(i % 2 == 0 ? 700 : 400) / 50;
    }
    assertTrue(halves[0] > 0.5 && halves[1] > 0.5, halves[0] + " and " + halves[1]);
    assertTrue(rank(0) < 0.1);
  }

  @Test
  void nearness_ofTwoAsNearToThreeInTen_theOneThatIsNearTheOthersTooIsNearer() {
    for (int i = 0; i < 100; i++) {
      shown(i % 2 == 0 ? 700 : 400);
    }
    int[] one = tokens(400);
    int[] both = one.clone();
    System.arraycopy(tokens(200), 0, one, 0, 20);
    System.arraycopy(tokens(700), 0, both, 0, 20);
    assertTrue(nearness(both) > 1.1 * nearness(one), nearness(both) + " and " + nearness(one));
  }

  @Test
  void read_smaller_keepsTheNewest() {
    for (int i = 0; i < 64; i++) {
      shown(i < 32 ? 700 : 400);
    }
    ByteBuffer bytes = ByteBuffer.allocate(neighbours.encodedBytes());
    neighbours.write(bytes);
    Neighbours smaller = new Neighbours(32, 128);
    smaller.read(bytes.flip());
    assertEquals(0, bytes.remaining());
    TokenSet forgotten = text(700);
    assertTrue(smaller.rank(forgotten, known) < neighbours.rank(forgotten, known));
  }

  private double shown(int first) {
    TokenSet text = text(first);
    double rank = neighbours.rank(text, known);
    neighbours.add(text);
    return rank;
  }

  private double nearness(int[] tokens) {
    return neighbours.nearness(TokenSet.of(tokens, known), known);
  }

  private double rank(int first) {
    return neighbours.rank(text(first), known);
  }

  private TokenSet text(int first) {
    return TokenSet.of(tokens(first), known);
  }

  /** 60 tokens of 200. */
  private int[] tokens(int first) {
    return random.ints(60, first, first + 200).toArray();
  }
}
