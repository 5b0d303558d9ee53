package dev.millrace.model.base;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where Linux runs a thread: sched_setaffinity(2). */
public final class ThreadPlace {

  private static final Logger LOG = LoggerFactory.getLogger(ThreadPlace.class);

  /** Bytes of a set of 8,192 processors, the most that Linux can have. */
  private static final int SET = 1024;

  private static final Path PROCESS = Path.of("/proc/self/stat");

  // in stat, counted from behind the thread's name, which may have blanks in it
  private static final int NICE = 16;
  private static final int PROCESSOR = 36;
  private static final int POLICY = 38;

  private static final int IDLE = 5;

  private final int thread;
  private final Path stat;
  private final byte[] allowed = new byte[SET];

  private ThreadPlace(int thread) {
    this.thread = thread;
    stat = Path.of("/proc/self/task/" + thread + "/stat");
    C.LIBRARY.sched_getaffinity(thread, SET, allowed);
  }

  /** Of the C library. */
  private interface C extends Library {
    C LIBRARY = Native.load("c", C.class);

    int gettid();

    int sched_getaffinity(int thread, long size, byte[] set) throws LastErrorException;

    int sched_setaffinity(int thread, long size, byte[] set) throws LastErrorException;
  }

  /** Of the calling thread; empty where the system does not tell. */
  public static Optional<ThreadPlace> ofThisThread() {
    if (!Platform.isLinux()) {
      return Optional.empty();
    }
    try {
      ThreadPlace place = new ThreadPlace(C.LIBRARY.gettid());
      return Files.isReadable(place.stat) ? Optional.of(place) : Optional.empty();
    } catch (LastErrorException | LinkageError e) {
      LOG.debug("where a thread runs is not told", e);
      return Optional.empty();
    }
  }

  /** Whether it gives way: it is nicer than the process, or of the idle policy. */
  public boolean givesWay() {
    return read(stat, NICE) > read(PROCESS, NICE) || read(stat, POLICY) == IDLE;
  }

  /** The processor on which it runs, or ran last; it must not have ended. */
  public int processor() {
    return read(stat, PROCESSOR);
  }

  private static int read(Path stat, int field) {
    try {
      String line = Files.readString(stat);
      return Integer.parseInt(line.substring(line.lastIndexOf(')') + 2).split(" ", -1)[field]);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + stat, e);
    }
  }

  /** It goes on there; it stays allowed wherever it was, so the system may move it on. */
  public void move(int processor) {
    byte[] there = new byte[SET];
    there[processor / 8] = (byte) (1 << processor % 8);
    try {
      C.LIBRARY.sched_setaffinity(thread, SET, there);
      C.LIBRARY.sched_setaffinity(thread, SET, allowed);
    } catch (LastErrorException e) {
      LOG.debug("thread {} was not moved to processor {}", thread, processor, e);
    }
  }
}
