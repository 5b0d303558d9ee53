package dev.millrace.model.base;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where Linux runs a thread: sched_setaffinity(2). */
final class ThreadPlace {

  private static final Logger LOG = LoggerFactory.getLogger(ThreadPlace.class);

  /** Bytes of a set of 8,192 processors, the most that Linux can have. */
  private static final int SET = 1024;

  private static final Path PROCESS = Path.of("/proc/self/stat");

  // in stat, counted from behind the thread's name, which may have blanks in it
  private static final int STATE = 0;
  private static final int NICE = 16;
  private static final int PROCESSOR = 36;
  private static final int POLICY = 38;

  private static final int IDLE = 5;

  private final int thread;
  private final Path stat;

  /** As of the process: a thread begins confined if the one that starts it is. */
  private final byte[] allowed = new byte[SET];

  private ThreadPlace(int thread) {
    this.thread = thread;
    stat = Path.of("/proc/self/task/" + thread + "/stat");
    C.LIBRARY.sched_getaffinity((int) ProcessHandle.current().pid(), SET, allowed);
  }

  /** Of the C library. */
  private interface C extends Library {
    C LIBRARY = Native.load("c", C.class);

    int gettid();

    int sched_getaffinity(int thread, long size, byte[] set) throws LastErrorException;

    int sched_setaffinity(int thread, long size, byte[] set) throws LastErrorException;

    int sched_getcpu();
  }

  /** Of the calling thread; empty where the system does not tell. */
  static Optional<ThreadPlace> ofThisThread() {
    if (!Platform.isLinux()) {
      return Optional.empty();
    }
    try {
      ThreadPlace place = new ThreadPlace(C.LIBRARY.gettid());
      return current() >= 0 && Files.isReadable(place.stat) ? Optional.of(place) : Optional.empty();
    } catch (LastErrorException | LinkageError e) {
      LOG.debug("where a thread runs is not told", e);
      return Optional.empty();
    }
  }

  /** The processor on which the calling thread runs, where the system tells places of threads. */
  static int current() {
    return C.LIBRARY.sched_getcpu();
  }

  /** Whether it gives way: it is nicer than the process, or of the idle policy. */
  boolean givesWay() {
    try {
      return number(stat, NICE) > number(PROCESS, NICE) || number(stat, POLICY) == IDLE;
    } catch (IOException e) {
      LOG.debug("whether thread {} gives way is not told", thread, e);
      return false;
    }
  }

  /** The processor on which it runs, or waits for its turn; empty while it sleeps. */
  OptionalInt wanted() {
    try {
      String[] fields = read(stat);
      return fields[STATE].equals("R")
          ? OptionalInt.of(Integer.parseInt(fields[PROCESSOR]))
          : OptionalInt.empty();
    } catch (IOException e) {
      LOG.debug("where thread {} runs is not told", thread, e); // it may have ended
      return OptionalInt.empty();
    }
  }

  private static int number(Path stat, int field) throws IOException {
    return Integer.parseInt(read(stat)[field]);
  }

  private static String[] read(Path stat) throws IOException {
    String line = Files.readString(stat);
    return line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
  }

  /** It goes on there, and may run nowhere else until it is told again what to keep off. */
  void move(int processor) {
    byte[] there = new byte[SET];
    there[processor / 8] = (byte) (1 << processor % 8);
    allow(there);
  }

  /** It may run on all others from now on, or anywhere if there are none. */
  void keepOff(Collection<Integer> processors) {
    byte[] others = allowed.clone();
    for (int processor : processors) {
      others[processor / 8] &= (byte) ~(1 << processor % 8);
    }
    allow(Arrays.equals(others, new byte[SET]) ? allowed : others);
  }

  private void allow(byte[] processors) {
    try {
      C.LIBRARY.sched_setaffinity(thread, SET, processors);
    } catch (LastErrorException e) {
      LOG.debug("where thread {} may run is not changed", thread, e);
    }
  }
}
