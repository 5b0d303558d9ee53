package dev.millrace.job.console;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** So many values by name; what was put or read longest ago goes. */
final class Latest<V> {

  private final int most;
  private final Map<String, V> values = new LinkedHashMap<>(16, 0.75f, true);

  Latest(int most) {
    this.most = most;
  }

  void put(String name, V value) {
    values.put(name, value);
    if (values.size() > most) {
      values.remove(values.keySet().iterator().next());
    }
  }

  @Nullable V get(String name) {
    return values.get(name);
  }

  void remove(String name) {
    values.remove(name);
  }
}
