package dev.millrace.job.chaos;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Lets faults strike and heals them, each at its time and on a thread of its own. */
final class Storm {

  /**
   * More than ever strike at once: a fault that waits for a dead service must not delay its cure.
   */
  private static final int THREADS = 12;

  private final Site site;
  private final Consumer<String> progress;
  private final InstantSource clock;
  private final List<String> problems = new CopyOnWriteArrayList<>();

  Storm(Site site, Consumer<String> progress, InstantSource clock) {
    this.site = site;
    this.progress = progress;
    this.clock = clock;
  }

  /** Ends when the last fault is healed; the hits' times are epoch milliseconds. */
  List<ChaosReport.Hit> rage(Schedule schedule) throws InterruptedException, ExecutionException {
    ScheduledExecutorService executor = Executors.newScheduledThreadPool(THREADS);
    try {
      List<Future<Optional<ChaosReport.Hit>>> due = new ArrayList<>();
      for (Strike strike : schedule.strikes()) {
        due.add(executor.schedule(() -> let(strike), strike.atMillis(), TimeUnit.MILLISECONDS));
      }
      List<ChaosReport.Hit> hits = new ArrayList<>();
      for (Future<Optional<ChaosReport.Hit>> one : due) {
        one.get().ifPresent(hits::add);
      }
      if (hits.isEmpty()) {
        problems.add("none of %d faults could strike, expected some".formatted(due.size()));
      }
      return hits;
    } finally {
      executor.shutdownNow();
    }
  }

  /** Faults that could not be healed, or that none could strike, a line each. */
  List<String> problems() {
    return List.copyOf(problems);
  }

  /** Empty if the fault could not strike, as when it needs what another fault has taken away. */
  private Optional<ChaosReport.Hit> let(Strike strike) throws InterruptedException {
    Fault fault = Faults.named(strike.fault());
    long begun = clock.millis();
    Fault.Struck struck;
    try {
      struck = fault.strike(site, new SplittableRandom(strike.seed()));
    } catch (RuntimeException e) {
      progress.accept(strike.fault() + " could not strike: " + e.getMessage());
      return Optional.empty();
    }
    long at = fault.waits() ? clock.millis() : begun;
    progress.accept("%s: %s".formatted(strike.fault(), struck.what()));
    Thread.sleep(strike.lastingMillis());
    try {
      struck.heal().run();
    } catch (RuntimeException e) {
      problems.add(strike.fault() + " could not be healed: " + e.getMessage());
    }
    return Optional.of(
        new ChaosReport.Hit(strike.fault(), struck.what(), at, clock.millis() - at, -1));
  }
}
