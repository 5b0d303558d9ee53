package dev.millrace.model.swap;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What answers, by alias; a value. */
record Live(Map<Alias, Registered> releases, Map<Alias, Trial> trials) {

  static final Live NOTHING = new Live(Map.of(), Map.of());

  /** The release that answers a caller; null is the base. */
  @Nullable Registered to(Alias alias, long caller) {
    Trial trial = trials.get(alias);
    return trial != null && trial.answers(caller) ? trial.release() : releases.get(alias);
  }

  /** With another release and another trial of an alias. */
  Live with(Alias alias, @Nullable Registered release, @Nullable Trial trial) {
    return new Live(put(releases, alias, release), put(trials, alias, trial));
  }

  private static <T> Map<Alias, T> put(Map<Alias, T> all, Alias alias, @Nullable T value) {
    Map<Alias, T> changed = new HashMap<>(all);
    if (value == null) {
      changed.remove(alias);
    } else {
      changed.put(alias, value);
    }
    return Map.copyOf(changed);
  }
}
