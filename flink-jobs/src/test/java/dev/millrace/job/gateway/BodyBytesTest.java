package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Calls of 8 bytes at most, 32 in all. */
class BodyBytesTest {

  private final BodyBytes bytes = new BodyBytes(32, 8);

  private void assertFull(String account, int declared, String expected) {
    ApiProblem problem = assertThrows(ApiProblem.class, () -> bytes.enter(account, declared));
    assertEquals(429, problem.status());
    assertEquals(expected, problem.getMessage());
  }

  @Test
  void enter_anAccountHasHalf_isToldSoAndOthersGoOnUntilAllIsTaken() {
    List<BodyBytes.Share> shares = new ArrayList<>();
    shares.add(bytes.enter("a", 8));
    shares.add(bytes.enter("a", 8));
    assertFull("a", 1, "17 bytes of bodies under way, expected at most 16");
    shares.add(bytes.enter("b", 8));
    shares.add(bytes.enter("c", 8));
    assertFull("c", 2, "34 bytes of bodies of all callers under way, expected at most 32");
    shares.get(2).leave();
    bytes.enter("c", 8); // what was refused has left nothing
  }

  @Test
  void enter_callThatSaysNoSize_countsAsTheLargestUntilItHasCome() {
    BodyBytes.Share share = bytes.enter("a", -1);
    bytes.enter("a", 8);
    assertFull("a", 3, "19 bytes of bodies under way, expected at most 16");
    share.fit(5);
    bytes.enter("a", 3);
    assertFull("a", 1, "17 bytes of bodies under way, expected at most 16");
    share.leave();
    bytes.enter("a", 5);
    assertFull("a", 1, "17 bytes of bodies under way, expected at most 16");
  }

  /** It is refused for its size once it is read; it takes no more room than it may. */
  @Test
  void enter_callThatSaysMoreThanItMayHave_countsAsTheLargest() {
    bytes.enter("a", Integer.MAX_VALUE);
    bytes.enter("a", 8);
    assertFull("a", 1, "17 bytes of bodies under way, expected at most 16");
  }
}
