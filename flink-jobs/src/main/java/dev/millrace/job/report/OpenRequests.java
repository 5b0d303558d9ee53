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
import org.jspecify.annotations.Nullable;

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
  public void asked(Origin origin, @Nullable String tenant, String id) {
    Requests requests = all.computeIfAbsent(Place.of(origin), place -> new Requests());
    requests.ids[index(origin)] = digest(tenant, id);
    asked++;
  }

  /**
   * Counts an answer in; one to no request that was counted in, as of a topic that was there before
   * this one, is passed over.
   *
   * @param origin where its request stands
   */
  public void answered(Origin origin, @Nullable String tenant, String id) {
    Requests requests = all.get(Place.of(origin));
    int index = index(origin);
    if (requests != null
        && requests.ids[index] == digest(tenant, id)
        && !requests.answered.get(index)) {
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

  /** How many of those without an answer nobody has read yet. */
  public long unread(Map<Integer, Long> positions) {
    long[] unread = {0};
    each(false, (asked, offset) -> unread[0] += isRead(asked, offset, positions) ? 0 : 1);
    return unread[0];
  }

  /**
   * The requests without an answer, by partition and offset, but for those that were asked again
   * under the same id of the same tenant, later on the same partition, and answered then.
   *
   * @param positions of whoever reads them, by partition: what stands from there on is left out
   */
  public List<Origin> open(String topic, Map<Integer, Long> positions) {
    Map<Asked, Long> answeredLast = new HashMap<>();
    each(
        false,
        (asked, offset) -> {
          if (isRead(asked, offset, positions)) {
            answeredLast.put(asked, -1L);
          }
        });
    each(true, (asked, offset) -> answeredLast.replace(asked, offset));
    List<Origin> open = new ArrayList<>();
    each(
        false,
        (asked, offset) -> {
          if (isRead(asked, offset, positions) && offset > answeredLast.getOrDefault(asked, -1L)) {
            open.add(new Origin(topic, asked.partition(), offset));
          }
        });
    return open;
  }

  private static boolean isRead(Asked asked, long offset, Map<Integer, Long> positions) {
    return offset < positions.getOrDefault(asked.partition(), 0L);
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

  /** Serve tells requests of two tenants apart. */
  private static long digest(@Nullable String tenant, String id) {
    try {
      byte[] name = (tenant == null ? id : tenant + '\0' + id).getBytes(UTF_8);
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(name);
      return ByteBuffer.wrap(digest).getLong() | 1; // never 0
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
