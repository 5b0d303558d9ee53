package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SourceLedgerTest {

  /** Sends so many to have enough of all. */
  private static final int BEFORE = 2_000;

  private final SourceLedger ledger = new SourceLedger();

  /** 128 of its 850 are refused, and every tenth of the others'. */
  @Test
  void excess_steadySource_isWhatItsShareLiesAboveThatOfTheOthers() {
    int own = 0;
    int others = 0;
    for (int i = 0; i < 20_000; i++) {
      if (i % 20 < 17) {
        judged("own", own++ % 20 < 3);
      } else {
        judged("other", others++ % 10 == 0);
      }
      if (i >= BEFORE) {
        assertEquals(0.05, ledger.excess("own"), 0.03, "after " + i);
      }
    }
  }

  @Test
  void excess_sourceThatSendsFarMoreThanAllOthers_isKnown() {
    for (int i = 0; i < 40_000; i++) {
      judged(i % 200 == 0 ? "other" : "own", i % 200 != 0);
      if (i >= 200 * 64) {
        assertEquals(1, ledger.excess("own"), "after " + i);
      }
    }
  }

  @Test
  void excess_sourcesThatSendOnceEach_areHeldAgainstTogether() {
    for (int i = 0; i < 20_000; i++) {
      judged(i % 2 == 0 ? "own" : "once " + i, i % 2 == 0);
      if (i >= BEFORE) {
        assertEquals(1, ledger.excess("own"), "after " + i);
      }
    }
  }

  private void judged(String source, boolean refused) {
    ledger.judged(source, !refused, false);
  }
}
