package dev.millrace.job.chaos;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Lets faults strike and heals them, each at its time. */
final class Storm {

  private final Site site;
  private final Faults faults;
  private final Consumer<String> progress;
  private final InstantSource clock;
  private final List<ChaosReport.Hit> hits = new ArrayList<>();
  private final PriorityQueue<Due> due = new PriorityQueue<>(Comparator.comparingLong(Due::at));

  /** Something to do at a time, in milliseconds from the beginning. */
  private record Due(long at, Runnable action) {}

  Storm(Site site, Faults faults, Consumer<String> progress, InstantSource clock) {
    this.site = site;
    this.faults = faults;
    this.progress = progress;
    this.clock = clock;
  }

  /** Ends when the last fault is healed. */
  List<ChaosReport.Hit> rage(Schedule schedule) throws InterruptedException {
    long begun = clock.millis();
    for (Strike strike : schedule.strikes()) {
      due.add(new Due(strike.atMillis(), () -> begin(strike, begun)));
    }
    while (!due.isEmpty()) {
      Due next = due.remove();
      Thread.sleep(Math.max(0, begun + next.at - clock.millis()));
      next.action.run();
    }
    return List.copyOf(hits);
  }

  private void begin(Strike strike, long begun) {
    long at = clock.millis();
    Fault.Struck struck;
    try {
      struck = faults.named(strike.fault()).strike(site, new SplittableRandom(strike.seed()));
    } catch (RuntimeException e) {
      progress.accept(strike.fault() + " could not strike: " + e.getMessage());
      return;
    }
    progress.accept("%s: %s".formatted(strike.fault(), struck.what()));
    due.add(
        new Due(
            clock.millis() - begun + strike.lastingMillis(),
            () -> {
              struck.heal().run();
              hits.add(
                  new ChaosReport.Hit(strike.fault(), struck.what(), at, clock.millis() - at, -1));
            }));
  }
}
