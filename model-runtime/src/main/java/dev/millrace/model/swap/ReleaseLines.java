package dev.millrace.model.swap;

import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseLine;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the lines of releases follow, as serving decides it, and which of them people hold. Ids to
 * forget are not kept: they may be 5 MB for each line.
 */
public final class ReleaseLines {

  private final Map<ReleaseLine, ReleaseEvent> followed = new ConcurrentHashMap<>();

  /** Of all that a topic holds, in its order. */
  public static ReleaseLines of(Collection<ReleaseEvent> events) {
    ReleaseLines lines = new ReleaseLines();
    events.forEach(lines::read);
    return lines;
  }

  /** The next event of the topic was read. */
  public void read(ReleaseEvent event) {
    ReleaseEvent withoutIds = event.forgetting(List.of());
    followed.put(event.line(), SwapRule.after(withoutIds, followed.get(event.line())));
  }

  /** The event that each line follows. */
  public Map<ReleaseLine, ReleaseEvent> followed() {
    return Collections.unmodifiableMap(followed);
  }

  /** The lines that people hold. */
  public Set<ReleaseLine> held() {
    return pins().keySet();
  }

  /** What held lines follow: their pins, or what led on from there in a forget. */
  public SortedMap<ReleaseLine, ReleaseEvent> pins() {
    SortedMap<ReleaseLine, ReleaseEvent> pins = new TreeMap<>(followed);
    pins.values().removeIf(event -> !event.pins());
    return pins;
  }
}
