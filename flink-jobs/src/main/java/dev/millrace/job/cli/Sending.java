package dev.millrace.job.cli;

import dev.millrace.job.embedded.EndHook;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.schema.wire.Counted;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Records on their way to a topic: which are written, and from which on to send again. */
final class Sending implements AutoCloseable {

  private static final Duration LAST = Duration.ofSeconds(5);

  private final RecordWriter writer;
  private final String topic;
  private final PrintWriter told;
  private final ConcurrentNavigableMap<Integer, String> unwritten = new ConcurrentSkipListMap<>();
  private final AtomicReference<@Nullable IllegalStateException> failure = new AtomicReference<>();
  private final Thread hook = new Thread(this::end, "millrace-sending-end");
  private final AtomicInteger sent = new AtomicInteger();
  private volatile String last = "";
  private volatile boolean ended;

  /**
   * Begins; if this process is told to end, says what is written.
   *
   * @param told of the first record that is not, as soon as that is known
   */
  Sending(RecordWriter writer, String topic, PrintWriter told) {
    this.writer = writer;
    this.topic = topic;
    this.told = told;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Sends a record and does not wait.
   *
   * @param where it comes from, such as {@code line 7}
   * @throws IllegalStateException if one before it could not be written
   */
  void send(String where, @Nullable String key, byte[] value) {
    throwFailure();
    if (ended) {
      throw new IllegalStateException(where + " is not written: sending has ended");
    }
    int number = sent.getAndIncrement();
    unwritten.put(number, where);
    last = where;
    var unused =
        writer
            .append(topic, key, value)
            .whenComplete(
                (at, e) -> {
                  if (e == null) {
                    unwritten.remove(number);
                  } else {
                    fail(where, e);
                  }
                });
  }

  private void fail(String where, Throwable e) {
    String said = where + " is not written: " + e.getMessage();
    if (failure.compareAndSet(null, new IllegalStateException(said, e)) && !ended) {
      told.println(said);
    }
  }

  /** Waits until all is written. */
  void flush() {
    writer.flush();
    throwFailure();
  }

  private void throwFailure() {
    IllegalStateException found = failure.get();
    if (found != null) {
      throw found;
    }
  }

  int written() {
    return sent.get() - unwritten.size();
  }

  /** Gives up what is not written in a few seconds, and says what is, once. */
  synchronized void end() {
    if (!ended) {
      ended = true;
      writer.close(LAST);
      told.println(account());
    }
  }

  /** How many are written, and what is not. */
  private String account() {
    String sentLast = last; // before what is not written: it may be
    Map.Entry<Integer, String> first = unwritten.firstEntry();
    String written = Counted.of(written(), "record", "records") + " written to " + topic;
    if (first == null) {
      return sentLast.isEmpty() ? written : written + ", the last of them " + sentLast;
    }
    int later = written() - first.getKey();
    return "%s, go on from %s%s"
        .formatted(
            written,
            first.getValue(),
            later > 0 ? ": %d of those after it are written too".formatted(later) : "");
  }

  @Override
  public void close() {
    EndHook.remove(hook);
  }
}
