package dev.millrace.model.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import dev.millrace.model.base.Foreground.Answerer;
import dev.millrace.model.base.Foreground.GivingWay;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where threads may run, as Linux says. */
@Timeout(180)
class ThreadPlaceTest {

  private static final Path STATUS = Path.of("/proc/thread-self/status");

  private final Foreground foreground = new Foreground();

  @Test
  void keepOff_someOrAll_isAllowedOnTheOthersOrAnywhere() throws Exception {
    assumeTrue(Files.exists(STATUS));
    Set<Integer> all = allowed();
    assumeTrue(all.size() > 1);
    int first = all.iterator().next();
    Set<Integer> others = new TreeSet<>(all);
    others.remove(first);
    elsewhere(
        () -> {
          ThreadPlace place = ThreadPlace.ofThisThread().orElseThrow();
          place.keepOff(Set.of(first));
          assertEquals(others, allowed());
          place.keepOff(all);
          assertEquals(all, allowed(), "never no processor at all");
          place.keepOff(others);
          assertEquals(Set.of(first), allowed());
          place.keepOff(Set.of());
          assertEquals(all, allowed());
          return null;
        });
  }

  @Test
  void giveWay_idleThread_keepsOffOneProcessorWhileAnAnswerIsComputed() throws Exception {
    assumeTrue(Files.exists(STATUS));
    Set<Integer> all = allowed();
    assumeTrue(all.size() > 1);
    elsewhere(
        () -> {
          ThreadPolicy.idle();
          Answerer answerer = foreground.answerer();
          GivingWay thread = foreground.giveWay();
          assertEquals(all, allowed());
          answerer.computing(true);
          assertEquals(all.size() - 1, allowed().size());
          answerer.computing(false);
          assertEquals(all, allowed());
          answerer.computing(true);
          thread.close();
          assertEquals(all, allowed(), "who has closed is confined no more");
          foreground.giveWay();
          answerer.computing(true);
          assertEquals(all.size() - 1, allowed().size(), "of one that began before");
          return null;
        });
  }

  @Test
  void giveWay_threadStartedByOneThatKeepsOff_isAllowedAnywhereInTheEnd() throws Exception {
    assumeTrue(Files.exists(STATUS));
    Set<Integer> all = allowed();
    elsewhere(
        () -> {
          ThreadPolicy.idle();
          foreground.giveWay();
          Answerer answerer = foreground.answerer();
          answerer.computing(true);
          CompletableFuture<GivingWay> started = new CompletableFuture<>();
          CompletableFuture<Void> answered = new CompletableFuture<>();
          CompletableFuture<Set<Integer>> end = new CompletableFuture<>();
          new Thread(
                  () -> {
                    started.complete(foreground.giveWay());
                    answered.join();
                    end.complete(allowed());
                  })
              .start();
          started.join();
          answerer.computing(false);
          answered.complete(null);
          assertEquals(all, end.join());
          return null;
        });
  }

  @Test
  void giveWay_threadOfFullPriority_isAllowedAnywhere() throws Exception {
    assumeTrue(Files.exists(STATUS));
    Set<Integer> all = allowed();
    elsewhere(
        () -> {
          foreground.giveWay();
          foreground.answerer().computing(true);
          assertEquals(all, allowed());
          return null;
        });
  }

  @Test
  void giveBack_twoShareAProcessor_oneComesToThatOfTheCallerAndMayRunAnywhereAgain()
      throws Exception {
    assumeTrue(Files.exists(STATUS));
    Set<Integer> all = allowed();
    assumeTrue(all.size() > 1);
    List<Integer> processors = List.copyOf(all);
    AtomicBoolean end = new AtomicBoolean();
    try {
      Supplier<Set<Integer>> one = spin(end);
      elsewhere(
          () -> {
            only(processors.get(1));
            foreground.giveBack();
            assertEquals(Set.of(processors.get(0)), one.get(), "it has one to itself");
            Supplier<Set<Integer>> other = spin(end);
            while (one.get().size() + other.get().size() == 2) {
              foreground.giveBack(); // one that is stopped for the collector wants none
            }
            assertEquals(1 + all.size(), one.get().size() + other.get().size());
            return null;
          });
    } finally {
      end.set(true);
    }
  }

  /** A thread that gives way and wants the first processor; where it may run. */
  private Supplier<Set<Integer>> spin(AtomicBoolean end) throws Exception {
    CompletableFuture<Path> begun = new CompletableFuture<>();
    new Thread(
            () -> {
              ThreadPolicy.idle();
              try (GivingWay open = foreground.giveWay()) {
                only(allowed().iterator().next());
                begun.complete(STATUS.toRealPath());
                while (!end.get()) {
                  Thread.onSpinWait();
                }
              } catch (Throwable e) {
                begun.completeExceptionally(e);
              }
            })
        .start();
    Path status = begun.get();
    return () -> allowed(status);
  }

  /** Confines the calling thread. */
  private static void only(int processor) {
    Set<Integer> others = new TreeSet<>(allowed());
    others.remove(processor);
    ThreadPlace.ofThisThread().orElseThrow().keepOff(others);
  }

  @Test
  void computing_besideAThreadThatGivesWay_itsTurnsAreShortAndThoseOfThreadsThatItStartsAreNot()
      throws Exception {
    assumeTrue(Files.exists(STATUS) && Platform.ARCH.equals("x86-64"));
    elsewhere(
        () -> {
          long before = turn();
          assumeTrue(before > 0, "this Linux tells no turns");
          Answerer answerer = foreground.answerer();
          answerer.computing(true);
          assertEquals(before, turn(), "nobody gives way");
          CompletableFuture<Void> gaveWay = new CompletableFuture<>();
          CompletableFuture<Void> answered = new CompletableFuture<>();
          Thread trains =
              new Thread(
                  () -> {
                    ThreadPolicy.idle();
                    try (GivingWay open = foreground.giveWay()) {
                      gaveWay.complete(null);
                      answered.join();
                    }
                  });
          trains.start();
          gaveWay.join();
          answerer.computing(true);
          answered.complete(null);
          trains.join();
          assertEquals(1_000_000, turn());
          assertEquals(before, elsewhere(ThreadPlaceTest::turn));
          return null;
        });
  }

  private interface C extends Library {
    C LIBRARY = Native.load("c", C.class);

    long syscall(long number, Object... arguments) throws LastErrorException;
  }

  /** How long the calling thread runs when it is its turn, in nanoseconds: sched_getattr(2). */
  private static long turn() {
    byte[] attributes = new byte[48];
    C.LIBRARY.syscall(315, 0, attributes, attributes.length, 0);
    return ByteBuffer.wrap(attributes).order(ByteOrder.nativeOrder()).getLong(24);
  }

  @Test
  void givesWay_niceOrIdle_butNotAsTheProcessIs() throws Exception {
    assumeTrue(Files.exists(STATUS));
    assertFalse(givesWay(() -> {}));
    assertTrue(givesWay(ThreadPolicy::idle));
    assumeTrue(niceOfThisProcess() < 19);
    assertTrue(givesWay(() -> ThreadPolicy.nicer(19)));
  }

  private static int niceOfThisProcess() throws Exception {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[16]);
  }

  private static boolean givesWay(Runnable before) throws Exception {
    return elsewhere(
        () -> {
          before.run();
          return ThreadPlace.ofThisThread().orElseThrow().givesWay();
        });
  }

  /** On a thread of its own, which it may leave as it likes. */
  private static <T> T elsewhere(Callable<T> work) throws Exception {
    CompletableFuture<T> done = new CompletableFuture<>();
    new Thread(
            () -> {
              try {
                done.complete(work.call());
              } catch (Throwable e) {
                done.completeExceptionally(e);
              }
            })
        .start();
    return done.get();
  }

  /** Where the calling thread may run. */
  private static Set<Integer> allowed() {
    return allowed(STATUS);
  }

  private static Set<Integer> allowed(Path status) {
    String name = "Cpus_allowed_list:";
    String list;
    try {
      list =
          Files.readAllLines(status).stream()
              .filter(line -> line.startsWith(name))
              .map(line -> line.substring(name.length()).strip())
              .findFirst()
              .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Set<Integer> processors = new TreeSet<>();
    for (String range : list.split(",", -1)) {
      String[] ends = range.split("-", -1);
      int last = Integer.parseInt(ends[ends.length - 1]);
      for (int processor = Integer.parseInt(ends[0]); processor <= last; processor++) {
        processors.add(processor);
      }
    }
    return processors;
  }
}
