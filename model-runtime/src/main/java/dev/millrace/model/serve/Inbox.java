package dev.millrace.model.serve;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What other threads have to say, run by the one that reads. */
final class Inbox {

  private final BlockingQueue<Runnable> words = new LinkedBlockingQueue<>();
  private boolean closed;

  void add(Runnable word) {
    words.add(word);
  }

  /** The same of a word that must not be lost: once this is closed, whoever tells runs it. */
  void tell(Runnable word) {
    synchronized (this) {
      if (!closed) {
        words.add(word);
        return;
      }
    }
    word.run();
  }

  boolean isEmpty() {
    return words.isEmpty();
  }

  /**
   * Takes the next word out.
   *
   * @param millis to wait for one; negative: until there is one
   * @return null if none came
   */
  @Nullable Runnable await(long millis) throws InterruptedException {
    return millis < 0 ? words.take() : words.poll(millis, TimeUnit.MILLISECONDS);
  }

  /** Runs all words that are there. */
  void read() {
    for (Runnable word = words.poll(); word != null; word = words.poll()) {
      word.run();
    }
  }

  /** Closes it, unless a word is there; true if it is closed. */
  synchronized boolean close() {
    closed = words.isEmpty();
    return closed;
  }
}
