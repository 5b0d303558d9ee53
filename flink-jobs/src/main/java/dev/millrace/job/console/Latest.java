package dev.millrace.job.console;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** So many values by name; what was put or read longest ago goes. Not safe for several threads. */
public final class Latest<V> {

  private final int most;
  private final Map<String, V> values = new LinkedHashMap<>();

  /**
   * Holds none yet.
   *
   * @param most values that it holds
   */
  public Latest(int most) {
    this.most = most;
  }

  public void put(String name, V value) {
    values.remove(name); // else it would stay where it is
    values.put(name, value);
    if (values.size() > most) {
      values.remove(values.keySet().iterator().next());
    }
  }

  @Nullable V get(String name) {
    V value = values.get(name);
    if (value != null) {
      put(name, value);
    }
    return value;
  }

  /** The value; it stays no longer for it. */
  public @Nullable V peek(String name) {
    return values.get(name);
  }

  void remove(String name) {
    values.remove(name);
  }
}
