package dev.millrace.job.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.schema.Origin;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which requests of one topic have an answer, by where they stand. It keeps eight bytes of each
 * request's id, and a bit. Not safe for use by several threads.
 */
public final class OpenRequests {

  /** Offsets that are kept together. */
  private static final int SPAN = 1 << 12;

  private final TreeMap<Place, Requests> all =
      new TreeMap<>(Comparator.comparingInt(Place::partition).thenComparingLong(Place::span));
  private long asked;
  private long answered;

  private record Place(int partition, long span) {
    static Place of(Origin origin) {
      return new Place(origin.partition(), origin.offset() / SPAN);
    }
  }

  /** Neighbours on a partition. */
  private static final class Requests {
    /** 0 where no request stands. */
    private final long[] ids = new long[SPAN];

    private final BitSet answered = new BitSet(SPAN);
  }

  /** Counts a request in. */
  public void asked(Origin origin, String id) {
    all.computeIfAbsent(Place.of(origin), place -> new Requests()).ids[index(origin)] = digest(id);
    asked++;
  }

  /**
   * Counts an answer in; one to no request that was counted in, as of a topic that was there before
   * this one, is passed over.
   *
   * @param origin where its request stands
   */
  public void answered(Origin origin, String id) {
    Requests requests = all.get(Place.of(origin));
    int index = index(origin);
    if (requests != null && requests.ids[index] == digest(id) && !requests.answered.get(index)) {
      requests.answered.set(index);
      answered++;
    }
  }

  public long asked() {
    return asked;
  }

  public long answered() {
    return answered;
  }

  /**
   * The requests without an answer, by partition and offset, but for those that were asked again
   * under the same id, later on the same partition, and answered then.
   */
  public List<Origin> open(String topic) {
    Map<Asked, Long> answeredLast = new HashMap<>();
    each(false, (asked, offset) -> answeredLast.put(asked, -1L));
    each(true, (asked, offset) -> answeredLast.replace(asked, offset));
    List<Origin> open = new ArrayList<>();
    each(
        false,
        (asked, offset) -> {
          if (offset > answeredLast.getOrDefault(asked, -1L)) {
            open.add(new Origin(topic, asked.partition(), offset));
          }
        });
    return open;
  }

  private record Asked(int partition, long id) {}

  private interface Visitor {
    void visit(Asked asked, long offset);
  }

  private void each(boolean answered, Visitor visitor) {
    all.forEach(
        (place, requests) -> {
          for (int i = 0; i < SPAN; i++) {
            if (requests.ids[i] != 0 && requests.answered.get(i) == answered) {
              visitor.visit(new Asked(place.partition(), requests.ids[i]), place.span() * SPAN + i);
            }
          }
        });
  }

  private static int index(Origin origin) {
    return (int) (origin.offset() % SPAN);
  }

  private static long digest(String id) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(id.getBytes(UTF_8));
      return ByteBuffer.wrap(digest).getLong() | 1; // never 0
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
