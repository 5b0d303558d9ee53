package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.KafkaConfigs;
import java.util.AbstractList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ReadingThreadTest {

  /** Its reader fails at the names of its topics, as one does that finds no memory. */
  @Test
  void requireAlive_anErrorHasEndedIt_saysSo() {
    List<String> topics =
        new AbstractList<>() {
          @Override
          public String get(int index) {
            throw new OutOfMemoryError("no room for a topic");
          }

          @Override
          public int size() {
            return 1;
          }
        };
    AtomicInteger looked = new AtomicInteger();
    ReadingThread reading =
        ReadingThread.start(
            "millrace-reading",
            KafkaConfigs.of(KafkaConfigs.NOBODY),
            topics,
            raw -> {},
            looked::incrementAndGet);
    reading.close();
    Exception e = assertThrows(IllegalStateException.class, reading::requireAlive);
    assertEquals(
        "the topics cannot be read: OutOfMemoryError: no room for a topic", e.getMessage());
    assertEquals(1, looked.get(), "who waits is told");
  }
}
