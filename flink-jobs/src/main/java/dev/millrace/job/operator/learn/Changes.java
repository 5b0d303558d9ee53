package dev.millrace.job.operator.learn;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.flink.api.common.state.ValueState;
import org.jspecify.annotations.Nullable;

/**
 * What has changed of keys since the last snapshot, on the heap: bytes are made of it when one is
 * due. Of too many, for names may be invented, the one that changed longest ago is written at once.
 */
final class Changes<T> {

  static final int MOST = 128;

  private final ValueState<byte[]> state;
  private final Consumer<String> setCurrentKey;
  private final Function<T, byte[]> toBytes;
  private final Map<String, T> changed = new LinkedHashMap<>();

  /**
   * Of nothing yet.
   *
   * @param state of the key that is current
   */
  Changes(ValueState<byte[]> state, Consumer<String> setCurrentKey, Function<T, byte[]> toBytes) {
    this.state = state;
    this.setCurrentKey = setCurrentKey;
    this.toBytes = toBytes;
  }

  @Nullable T get(String key) {
    return changed.get(key);
  }

  /** Takes note of what the key that is current has now. */
  void put(String key, T now) throws Exception {
    changed.remove(key); // or it kept its place
    changed.put(key, now);
    if (changed.size() > MOST) {
      Map.Entry<String, T> oldest = changed.entrySet().iterator().next();
      write(oldest.getKey(), oldest.getValue());
      changed.remove(oldest.getKey());
      setCurrentKey.accept(key);
    }
  }

  /** Writes all; another key is current then. */
  void write() throws Exception {
    for (Map.Entry<String, T> one : changed.entrySet()) {
      write(one.getKey(), one.getValue());
    }
    changed.clear();
  }

  private void write(String key, T value) throws Exception {
    setCurrentKey.accept(key);
    state.update(toBytes.apply(value));
  }
}
