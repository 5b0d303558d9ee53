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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where Linux runs a thread: sched_setaffinity(2). */
final class ThreadPlace {

  private static final Logger LOG = LoggerFactory.getLogger(ThreadPlace.class);

  /** Bytes of a set of 8,192 processors, the most that Linux can have. */
  private static final int SET = 1024;

  private static final Path PROCESS = Path.of("/proc/self/stat");

  // in stat, counted from behind the thread's name, which may have blanks in it
  private static final int NICE = 16;
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
      return read(stat, NICE) > read(PROCESS, NICE) || read(stat, POLICY) == IDLE;
    } catch (IOException e) {
      LOG.debug("whether thread {} gives way is not told", thread, e);
      return false;
    }
  }

  private static int read(Path stat, int field) throws IOException {
    String line = Files.readString(stat);
    return Integer.parseInt(line.substring(line.lastIndexOf(')') + 2).split(" ", -1)[field]);
  }

  /** It may run on all others from now on, or anywhere if there are none. */
  void keepOff(Collection<Integer> processors) {
    byte[] others = allowed.clone();
    for (int processor : processors) {
      others[processor / 8] &= (byte) ~(1 << processor % 8);
    }
    boolean none = Arrays.equals(others, new byte[SET]);
    try {
      C.LIBRARY.sched_setaffinity(thread, SET, none ? allowed : others);
    } catch (LastErrorException e) {
      LOG.debug("thread {} does not keep off processors {}", thread, processors, e);
    }
  }
}
