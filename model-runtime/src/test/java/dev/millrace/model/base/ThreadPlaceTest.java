package dev.millrace.model.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class ThreadPlaceTest {

  private static final Path STATUS = Path.of("/proc/thread-self/status");

  @Test
  void move_threadThatRuns_goesOnThereAndIsAllowedWhereItWas() throws Exception {
    assumeTrue(Files.exists(STATUS));
    CompletableFuture<ThreadPlace> place = new CompletableFuture<>();
    CompletableFuture<String> allowed = new CompletableFuture<>();
    AtomicBoolean seen = new AtomicBoolean();
    Thread runs =
        new Thread(
            () -> {
              try {
                place.complete(ThreadPlace.ofThisThread().orElseThrow());
                while (!seen.get()) {
                  Thread.onSpinWait();
                }
                allowed.complete(allowed());
              } catch (Exception e) {
                place.completeExceptionally(e);
                allowed.completeExceptionally(e);
              }
            });
    runs.start();
    for (int processor : processors()) {
      place.join().move(processor);
      while (place.join().processor() != processor) {
        place.join().move(processor); // the system has moved it on meanwhile
      }
    }
    seen.set(true);
    assertEquals(allowed(), allowed.join());
    runs.join();
  }

  @Test
  void givesWay_niceOrIdle_butNotAsTheProcessIs() throws Exception {
    assumeTrue(Files.exists(STATUS));
    assertFalse(givesWay(() -> {}));
    assertTrue(givesWay(ThreadPolicy::idle));
    assumeTrue(niceOfThisProcess() < 19);
    assertTrue(givesWay(() -> ThreadPolicy.nice(19)));
  }

  private static int niceOfThisProcess() throws Exception {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[16]);
  }

  private static boolean givesWay(Runnable before) {
    CompletableFuture<Boolean> gives = new CompletableFuture<>();
    new Thread(
            () -> {
              before.run();
              gives.complete(ThreadPlace.ofThisThread().orElseThrow().givesWay());
            })
        .start();
    return gives.join();
  }

  /** The first and the last that this thread may use. */
  private static int[] processors() throws Exception {
    String[] all = allowed().split("[,-]", -1);
    return new int[] {Integer.parseInt(all[all.length - 1]), Integer.parseInt(all[0])};
  }

  private static String allowed() throws Exception {
    String name = "Cpus_allowed_list:";
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()).strip())
        .findFirst()
        .orElseThrow();
  }
}
