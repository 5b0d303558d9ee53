package dev.millrace.model.base;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Whether somebody waits for what is being computed, such as an answer; what can wait itself gives
 * way. Safe for use by several threads.
 */
public final class Foreground {

  private static final Foreground OF_PROCESS = new Foreground();

  private static final int NO_PROCESSOR = -1;

  private int busy;

  /** Those on which answers are computed, one for each who answers. */
  private final List<Integer> reserved = new ArrayList<>();

  /** Threads that keep off these. */
  private final List<ThreadPlace> givingWay = new ArrayList<>();

  private volatile boolean anyGivesWay;

  /** That of this process: all jobs in it share its processors. */
  public static Foreground ofProcess() {
    return OF_PROCESS;
  }

  /** Whether a thread gives way at this time. */
  public boolean anyGivesWay() {
    return anyGivesWay;
  }

  /** Somebody who will compute what is waited for. */
  public Answerer answerer() {
    return new Answerer();
  }

  /** For use by one thread at a time. */
  public final class Answerer {

    private boolean computing;
    private int processor = NO_PROCESSOR;
    private @Nullable Thread prompt;

    private Answerer() {}

    /**
     * Whether it has something to compute from now on. To be said before each call of a model: the
     * system may have moved the thread to another processor.
     */
    public void computing(boolean now) {
      int here = NO_PROCESSOR;
      if (now && anyGivesWay) {
        here = ThreadPlace.current();
        wakePromptly();
      }
      if (now != computing || here != processor) {
        change(this, now, here);
      }
    }

    /** From the next time that it wakes. */
    private void wakePromptly() {
      if (prompt != Thread.currentThread()) {
        prompt = Thread.currentThread();
        var unused = ThreadPolicy.prompt();
      }
    }
  }

  private synchronized void change(Answerer who, boolean computing, int processor) {
    if (computing != who.computing) {
      busy += computing ? 1 : -1;
      who.computing = computing;
    }
    if (processor != who.processor) {
      reserved.remove((Integer) who.processor);
      if (processor != NO_PROCESSOR) {
        reserved.add(processor);
      }
      who.processor = processor;
      givingWay.forEach(place -> place.keepOff(reserved));
    }
    if (busy == 0) {
      notifyAll();
    }
  }

  /** A thread that gives way until this is closed. */
  public interface GivingWay extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Until it is closed the calling thread keeps off processors on which answers are computed, if it
   * is nice or idle: one at its turn in the queue of such a processor would run for a tick of the
   * scheduler.
   */
  public GivingWay giveWay() {
    Optional<ThreadPlace> place = ThreadPlace.ofThisThread().filter(ThreadPlace::givesWay);
    place.ifPresent(this::add);
    return () -> place.ifPresent(this::remove);
  }

  private synchronized void add(ThreadPlace place) {
    givingWay.add(place);
    anyGivesWay = true;
    place.keepOff(reserved);
  }

  private synchronized void remove(ThreadPlace place) {
    givingWay.remove(place);
    anyGivesWay = !givingWay.isEmpty();
    place.keepOff(List.of());
  }

  /**
   * The calling thread has answered and is about to wait: one of those that give way may have its
   * processor, if it shares another. The system is late to move it. Takes a third of a millisecond,
   * so to be said when answers are out.
   */
  public void giveBack() {
    if (!anyGivesWay) {
      return;
    }
    int here = ThreadPlace.current();
    ThreadPlace crowded = crowded(here);
    if (crowded != null) {
      crowded.move(here);
      settle(crowded);
    }
  }

  /** One that shares a processor with another; null if that one is taken, or each has its own. */
  private @Nullable ThreadPlace crowded(int free) {
    Set<Integer> taken = new HashSet<>();
    ThreadPlace crowded = null;
    for (ThreadPlace place : allowedOn(free)) {
      OptionalInt processor = place.wanted();
      if (processor.isPresent() && !taken.add(processor.getAsInt())) {
        crowded = place;
      }
    }
    return taken.contains(free) ? null : crowded;
  }

  private synchronized List<ThreadPlace> allowedOn(int processor) {
    return reserved.contains(processor) ? List.of() : List.copyOf(givingWay);
  }

  private synchronized void settle(ThreadPlace place) {
    place.keepOff(givingWay.contains(place) ? reserved : List.of());
  }

  public synchronized boolean isBusy() {
    return busy > 0;
  }

  /** Returns as soon as nobody waits for anything, and after so long whatever is waited for. */
  public synchronized void awaitQuiet(long millis) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    for (long left = end - System.nanoTime();
        busy > 0 && left > 0;
        left = end - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }
}
