package dev.millrace.job.operator.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.job.operator.serve.ActivationMessage.Decision;
import java.util.List;
import org.junit.jupiter.api.Test;

class BallotsTest {

  private final Ballots ballots = new Ballots();

  @Test
  void vote_allHaveStaged_allSwitch() {
    assertNull(ballots.vote("a", 0, null, 3));
    assertNull(ballots.vote("a", 2, null, 3));
    assertNull(ballots.vote("a", 2, null, 3), "one subtask has one vote");
    assertNull(ballots.vote("b", 1, null, 3));
    assertEquals(new Decision("a", null), ballots.vote("a", 1, null, 3));
    assertNull(ballots.overdue("a", 3), "a decision is never taken back");
    assertEquals(List.of(new Decision("a", null)), ballots.decisions());
  }

  @Test
  void vote_oneCannot_noneSwitchesWhateverTheOthersSay() {
    assertNull(ballots.vote("a", 0, null, 2));
    Decision decision = ballots.vote("a", 1, "digest-mismatch", 2);
    assertEquals(new Decision("a", "not-together: subtask 1: digest-mismatch"), decision);
    assertEquals(decision, ballots.vote("a", 0, null, 2), "it has not heard of it");
    assertEquals(decision, ballots.vote("a", 1, null, 2));
    assertEquals(decision, ballots.overdue("a", 2));
    assertEquals(List.of(decision), ballots.decisions());
  }

  @Test
  void overdue_someHaveNotVoted_noneSwitchesAndTheyAreNamed() {
    assertNull(ballots.vote("a", 1, null, 3));
    Decision decision = ballots.overdue("a", 3);
    assertEquals(new Decision("a", "not-together: no word of subtask 0, 2 in time"), decision);
    assertEquals(decision, ballots.vote("a", 0, null, 3));
    assertEquals(decision, ballots.vote("a", 2, null, 3));
  }

  /** On a topic that was made anew the same release may stand at the same place. */
  @Test
  void vote_allHaveSwitched_isOfAnotherEvent() {
    assertNull(ballots.vote("a", 0, null, 2));
    assertNotNull(ballots.vote("a", 1, null, 2));
    assertNull(ballots.vote("a", 0, null, 2));
    assertEquals(new Decision("a", null), ballots.vote("a", 1, null, 2));
    assertNull(ballots.vote("a", 1, null, 2));
    assertNotNull(ballots.overdue("a", 2));
  }

  /** It comes back from a checkpoint that may be older than what was decided. */
  @Test
  void leave_oneBeginsAgain_whatWasDecidedIsVotedOnAnew() {
    assertNotNull(ballots.overdue("a", 2));
    assertNotNull(ballots.vote("b", 0, null, 1));
    ballots.leave(0);
    assertEquals(List.of(), ballots.decisions());
    assertNull(ballots.vote("a", 0, null, 2));
    assertEquals(new Decision("a", null), ballots.vote("a", 1, null, 2));
  }

  @Test
  void overdue_moreThanAreRemembered_theFirstIsVotedOnAnew() {
    for (int i = 0; i <= Ballots.REMEMBERED; i++) {
      assertNotNull(ballots.overdue("a" + i, 1));
    }
    assertEquals(Ballots.REMEMBERED, ballots.decisions().size());
    assertEquals(new Decision("a0", null), ballots.vote("a0", 0, null, 1));
  }

  @Test
  void clear_restored_isVotedOnAnew() {
    assertNotNull(ballots.overdue("a", 1));
    assertNull(ballots.vote("b", 0, null, 2));
    ballots.clear();
    assertNull(ballots.vote("b", 1, null, 2));
    assertEquals(new Decision("a", null), ballots.vote("a", 0, null, 1));
  }
}
