package dev.millrace.model.cache;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Vectors in lists, compared one by one; of a full set the oldest gives way. */
public final class MapVectorStore implements VectorStore {

  private record Entry(float[] vector, byte[] element) {}

  private final int most;
  private final Map<ByteBuffer, List<Entry>> sets = new ConcurrentHashMap<>();
  private volatile boolean up = true;

  /**
   * @param most elements of a set
   */
  public MapVectorStore(int most) {
    this.most = most;
  }

  @Override
  public byte @Nullable [] nearest(byte[] set, float[] vector) {
    return sets.getOrDefault(ByteBuffer.wrap(set), List.of()).stream()
        .max(Comparator.comparingDouble(entry -> dot(entry.vector(), vector)))
        .map(Entry::element)
        .orElse(null);
  }

  @Override
  public void add(byte[] set, float[] vector, byte[] element) {
    List<Entry> entries =
        sets.computeIfAbsent(ByteBuffer.wrap(set.clone()), s -> new ArrayList<>());
    entries.add(new Entry(vector, element));
    if (entries.size() > most) {
      entries.remove(0);
    }
  }

  int size(byte[] set) {
    return sets.getOrDefault(ByteBuffer.wrap(set), List.of()).size();
  }

  void down() {
    up = false;
  }

  @Override
  public boolean isUp() {
    return up;
  }

  @Override
  public void close() {}

  private static double dot(float[] a, float[] b) {
    double dot = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
    }
    return dot;
  }
}
