package dev.millrace.job.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OpenRequestsTest {

  private static final String TOPIC = "requests";

  /** All that the tests ask. */
  private static final Map<Integer, Long> READ =
      Map.of(0, Long.MAX_VALUE, 1, Long.MAX_VALUE, 2, Long.MAX_VALUE, 4, Long.MAX_VALUE);

  @Test
  void open_someAreAnswered_areTheOthersByPartitionAndOffset() {
    Random random = new Random(7);
    OpenRequests requests = new OpenRequests();
    List<Origin> expected = new ArrayList<>();
    Set<Origin> answered = new HashSet<>();
    for (int partition = 0; partition < 3; partition++) {
      long offset = random.nextInt(10_000_000);
      for (int i = 0; i < 1_000; i++) {
        Origin at = at(partition, offset);
        requests.asked(at, null, id(at));
        if (random.nextInt(50) == 0) {
          expected.add(at);
        } else {
          answered.add(at);
        }
        offset += 1 + random.nextInt(30); // the ends of transactions take offsets too
      }
    }
    answered.forEach(at -> requests.answered(at, null, id(at)));
    answered.stream().limit(100).forEach(at -> requests.answered(at, null, id(at)));
    long answers = answered.size();
    expected.removeIf(
        at ->
            answered.stream()
                .filter(later -> later.partition() == at.partition())
                .anyMatch(later -> later.offset() > at.offset() && id(later).equals(id(at))));
    assertEquals(expected.toString(), requests.open(TOPIC, READ).toString());
    assertEquals(3_000, requests.asked());
    assertEquals(answers, requests.answered());
  }

  @Test
  void answered_answerToATopicThatWasThereBefore_answersNothing() {
    OpenRequests requests = new OpenRequests();
    requests.asked(at(0, 5), null, "new");
    requests.answered(at(0, 5), null, "old");
    requests.answered(at(0, 6), null, "new");
    requests.answered(at(4, 5), null, "new");
    assertEquals(List.of(at(0, 5)), requests.open(TOPIC, READ));
    assertEquals(0, requests.answered());
  }

  /** Who lost an answer may ask again under the same id: that settles it. */
  @Test
  void open_askedAgainUnderTheSameId_endsWithTheAnswerToALaterOne() {
    OpenRequests requests = new OpenRequests();
    for (int offset = 0; offset < 4; offset++) {
      requests.asked(at(0, offset), null, "a");
    }
    requests.answered(at(0, 0), null, "a");
    assertEquals(List.of(at(0, 1), at(0, 2), at(0, 3)), requests.open(TOPIC, READ));
    requests.answered(at(0, 2), null, "a");
    assertEquals(List.of(at(0, 3)), requests.open(TOPIC, READ));
  }

  @Test
  void open_anotherTenantUsesTheSameId_settlesNothing() {
    OpenRequests requests = new OpenRequests();
    requests.asked(at(0, 0), "acme", "7");
    requests.asked(at(0, 1), "other", "7");
    requests.answered(at(0, 1), "other", "7");
    assertEquals(List.of(at(0, 0)), requests.open(TOPIC, READ));
  }

  @Test
  void open_someAreNotReadYet_leavesThemOutAndCountsThem() {
    OpenRequests requests = new OpenRequests();
    for (int offset = 0; offset < 4; offset++) {
      requests.asked(at(0, offset), null, "q" + offset);
    }
    requests.asked(at(1, 0), null, "elsewhere");
    requests.answered(at(0, 3), null, "q3");
    Map<Integer, Long> read = Map.of(0, 2L);
    assertEquals(List.of(at(0, 0), at(0, 1)), requests.open(TOPIC, read));
    assertEquals(2, requests.unread(read));
  }

  private static Origin at(int partition, long offset) {
    return new Origin(TOPIC, partition, offset);
  }

  private static String id(Origin at) {
    return "q-" + at.partition() + "-" + at.offset() % 500; // not each has its own
  }
}
