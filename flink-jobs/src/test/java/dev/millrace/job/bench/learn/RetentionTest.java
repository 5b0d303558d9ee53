package dev.millrace.job.bench.learn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class RetentionTest {

  private static final double EXACT = 1e-12;

  /** Two domains, a b a b: b suffers at first, then both are remembered but for a little of a. */
  private final Retention kept =
      Retention.begin(new double[] {4, 2})
          .after(0, new double[] {2, 2.5})
          .after(1, new double[] {3, 1})
          .after(0, new double[] {1, 1.5})
          .after(1, new double[] {1.25, 0.5});

  @Test
  void average_atTheEnd_isThatOfTheLastRow() {
    assertEquals((1.25 + 0.5) / 2, kept.average(), EXACT);
    assertEquals(((4 - 1.25) + (2 - 0.5)) / 2, kept.gain(), EXACT);
  }

  @Test
  void backwardTransfer_domainsTaughtTwice_countsFromTheirLastTime() {
    assertEquals(((1 - 1.25) / 1 + 0) / 2, kept.backwardTransfer(), EXACT);
  }

  @Test
  void forwardTransfer_untaughtDomain_isHeldAgainstTheBase() {
    assertEquals((0 + (2 - 2.5) / 2) / 2, kept.forwardTransfer(), EXACT);
  }

  @Test
  void forgetting_endsWorseThanItsBest_isTheShareOfThatBest() {
    assertEquals(0.25, kept.forgetting(0), EXACT);
    assertEquals(0, kept.forgetting(1), EXACT);
    assertEquals(0, kept.worst());
  }
}
