package dev.millrace.model.serve;

import dev.millrace.model.base.BaseModel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The bases that answer. One that is released while requests are answered joins before the first of
 * them meets it. Safe for use by several threads.
 */
public final class Carriers {

  private final List<Carrier> all;

  private Carriers(List<Carrier> all) {
    this.all = new CopyOnWriteArrayList<>(all);
  }

  /**
   * Bases that their owners close later than whoever answers by them.
   *
   * @param first answers where there is no release
   * @param older bases whose releases serve until others have taken their places
   */
  public static Carriers of(Carrier first, List<Carrier> older) {
    List<Carrier> all = new ArrayList<>(List.of(first));
    all.addAll(older);
    return new Carriers(all);
  }

  /** One more. */
  public void add(Carrier carrier) {
    all.add(carrier);
  }

  /** What answers where there is no release, as the process began. */
  Carrier first() {
    return all.get(0);
  }

  /** That of a base by its id. */
  Carrier of(String base) {
    return all.stream()
        .filter(carrier -> carrier.base().id().equals(base))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no base " + base + " carries here"));
  }

  /** A base by its id; null if none of them is it. */
  public @Nullable BaseModel find(String id) {
    return all.stream()
        .map(Carrier::base)
        .filter(base -> base.id().equals(id))
        .findFirst()
        .orElse(null);
  }

  /** Positions that each of them has. */
  int positions() {
    return all.stream()
        .mapToInt(carrier -> carrier.base().config().maxPositionEmbeddings())
        .min()
        .orElseThrow();
  }
}
