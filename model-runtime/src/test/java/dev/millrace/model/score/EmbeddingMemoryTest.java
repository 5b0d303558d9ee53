package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EmbeddingMemoryTest {

  @Test
  void add_anyNumber_keepsTheLastInTheirOrder() {
    Random random = new Random(3);
    for (int capacity = 1; capacity < 12; capacity++) {
      EmbeddingMemory memory = new EmbeddingMemory(capacity);
      Deque<float[]> last = new ArrayDeque<>();
      for (int i = 0; i < 40; i++) {
        float[] vector = {random.nextFloat(), random.nextFloat(), random.nextFloat()};
        memory.add(vector);
        last.add(vector);
        if (last.size() > capacity) {
          last.remove();
        }
        assertHolds(last, memory);
        assertHolds(last, again(memory, capacity));
      }
    }
  }

  private static void assertHolds(Deque<float[]> expected, EmbeddingMemory memory) {
    assertEquals(expected.size(), memory.size());
    int i = 0;
    for (float[] vector : expected) {
      assertArrayEquals(vector, memory.get(i++));
    }
  }

  private static EmbeddingMemory again(EmbeddingMemory memory, int capacity) {
    ByteBuffer bytes = ByteBuffer.allocate(memory.encodedBytes());
    memory.write(bytes);
    EmbeddingMemory read = new EmbeddingMemory(capacity);
    read.read(bytes.flip());
    return read;
  }

  @Test
  void add_roomForMoreThanAnArrayHas_takesWhatThereIs() {
    EmbeddingMemory memory = new EmbeddingMemory(1 << 20);
    float[] vector = new float[2048];
    vector[7] = 1;
    memory.add(vector);
    assertEquals(0, memory.diversity(vector));
    memory.add(new float[] {1});
    assertEquals(1, memory.size(), "another width begins anew");
  }
}
