package dev.millrace.job.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OpenRequestsTest {

  private static final String TOPIC = "requests";

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
        requests.asked(at, id(at));
        if (random.nextInt(50) == 0) {
          expected.add(at);
        } else {
          answered.add(at);
        }
        offset += 1 + random.nextInt(30); // the ends of transactions take offsets too
      }
    }
    answered.forEach(at -> requests.answered(at, id(at)));
    answered.stream().limit(100).forEach(at -> requests.answered(at, id(at)));
    long answers = answered.size();
    expected.removeIf(
        at ->
            answered.stream()
                .filter(later -> later.partition() == at.partition())
                .anyMatch(later -> later.offset() > at.offset() && id(later).equals(id(at))));
    assertEquals(expected.toString(), requests.open(TOPIC).toString());
    assertEquals(3_000, requests.asked());
    assertEquals(answers, requests.answered());
  }

  @Test
  void answered_answerToATopicThatWasThereBefore_answersNothing() {
    OpenRequests requests = new OpenRequests();
    requests.asked(at(0, 5), "new");
    requests.answered(at(0, 5), "old");
    requests.answered(at(0, 6), "new");
    requests.answered(at(4, 5), "new");
    assertEquals(List.of(at(0, 5)), requests.open(TOPIC));
    assertEquals(0, requests.answered());
  }

  /** Who lost an answer may ask again under the same id: that settles it. */
  @Test
  void open_askedAgainUnderTheSameId_endsWithTheAnswerToALaterOne() {
    OpenRequests requests = new OpenRequests();
    for (int offset = 0; offset < 4; offset++) {
      requests.asked(at(0, offset), "a");
    }
    requests.answered(at(0, 0), "a");
    assertEquals(List.of(at(0, 1), at(0, 2), at(0, 3)), requests.open(TOPIC));
    requests.answered(at(0, 2), "a");
    assertEquals(List.of(at(0, 3)), requests.open(TOPIC));
  }

  private static Origin at(int partition, long offset) {
    return new Origin(TOPIC, partition, offset);
  }

  private static String id(Origin at) {
    return "q-" + at.partition() + "-" + at.offset() % 500; // not each has its own
  }
}
