package dev.millrace.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.releases.Heads;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What compaction leaves of a domain says where it is. */
class KeysTest {

  private static final long TRAINER = 1_000;

  /** While a domain is pinned, or has no samples, nothing is published behind it any more. */
  @ParameterizedTest
  @CsvSource({"PIN,a", "ROLLBACK,a", "FORGET,a", "FORGET,''"})
  void of_orderAndWhatItsTrainerWroteBeforeItReadThat_bothOutliveCompaction(
      Action action, String release) {
    ReleaseEvent order = StreamRecords.event("java", action, release, 1, 1);
    List<ReleaseEvent> left =
        compacted(List.of(published("a", 1, 0, -1), order, published("b", 2, 2, 0)));
    ReleaseEvent followed = Heads.followed(left).get(order.line());
    assertEquals(action, followed.action());
    assertEquals(release, followed.release());
  }

  @Test
  void of_ordersAndWhatFollowedThem_theLastOfBothOutliveCompaction() {
    ReleaseEvent last = published("d", 4, 4, 2);
    List<ReleaseEvent> left =
        compacted(
            List.of(
                published("a", 1, 0, -1),
                StreamRecords.event("java", Action.PIN, "a", 1, 1),
                StreamRecords.event("java", Action.ROLLBACK, "a", 1, 2),
                published("c", 3, 3, 2),
                last));
    assertEquals(List.of(2L, 4L), left.stream().map(event -> event.origin().offset()).toList());
    assertEquals("d", Heads.followed(left).get(last.line()).release());
  }

  /** Learn from nothing counts from 1: the order's batch was compared with its last release's. */
  @Test
  void of_domainThatIsTaughtAnewAfterItWasUnloaded_theLastReleaseIsFollowed() {
    ReleaseEvent unloaded =
        StreamRecords.event("java", Action.PUBLISH, "z", 100, 0)
            .backToBase("unloaded")
            .at(StreamRecords.event("java", Action.ROLLBACK, "", 0, 1).origin());
    ReleaseEvent last = published("c", 50, 9, 1);
    List<ReleaseEvent> left = compacted(List.of(unloaded, published("b", 49, 8, 1), last));
    assertEquals("c", Heads.followed(left).get(last.line()).release());
  }

  /** A trainer's own rollback is one of its events: it takes the place of what it published. */
  @Test
  void of_releaseThatItsTrainerTookBack_isCompactedAway() {
    ReleaseEvent taken = StreamRecords.event("java", Action.ROLLBACK, "a", 1, 2);
    List<ReleaseEvent> left =
        compacted(
            List.of(
                published("a", 1, 0, -1),
                published("b", 2, 1, -1),
                taken.withEpoch(TRAINER).withRead(-1L)));
    assertEquals(List.of(2L), left.stream().map(event -> event.origin().offset()).toList());
  }

  /**
   * @param read the offset up to which its trainer had read
   */
  private static ReleaseEvent published(String release, long batch, long offset, long read) {
    return StreamRecords.event("java", Action.PUBLISH, release, batch, offset)
        .withEpoch(TRAINER)
        .withRead(read);
  }

  /** The last event of each key, in their order. */
  private static List<ReleaseEvent> compacted(List<ReleaseEvent> events) {
    Map<String, ReleaseEvent> last = new LinkedHashMap<>();
    for (ReleaseEvent event : events) {
      String key = new String(Keys.of(event), UTF_8);
      last.remove(key);
      last.put(key, event);
    }
    return List.copyOf(last.values());
  }
}
