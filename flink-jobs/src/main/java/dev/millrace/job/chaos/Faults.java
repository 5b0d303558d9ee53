package dev.millrace.job.chaos;

import dev.millrace.job.bench.serve.SwapReleases;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All faults there are, by name. */
record Faults(Map<String, Fault> byName) {

  private static final List<String> TASK_MANAGERS = List.of("taskmanager-1", "taskmanager-2");

  /** The names, those of processes first, those that must be asked for last. */
  static final List<String> NAMES =
      List.of(
          "kill-taskmanager",
          "kill-jobmanager",
          "kill-redis",
          "kill-broker",
          "kill-at-commit",
          "freeze-taskmanager",
          "freeze-jobmanager",
          "freeze-redis",
          "freeze-broker",
          "kafka-cut",
          "kafka-delay",
          "kafka-drip",
          "kafka-reset",
          "redis-cut",
          "redis-delay",
          "redis-drip",
          "redis-reset",
          "slow-consumer",
          "hot-key",
          "swap-storm",
          "poison",
          "store-away",
          "trainer-away",
          CorruptCheckpoint.NAME,
          LoseTaskManager.NAME,
          ClockJump.NAME,
          DiskFull.NAME,
          KillAtRestore.NAME,
          Rescale.NAME,
          RescaleServe.NAME);

  /** Those that strike where none is asked for by name. */
  static final List<String> ANYWHERE = NAMES.subList(0, NAMES.indexOf(LoseTaskManager.NAME));

  static Faults of(SwapReleases releases) {
    Map<String, Fault> faults = new LinkedHashMap<>();
    Map<String, List<String>> processes =
        Map.of(
            "taskmanager", TASK_MANAGERS,
            "jobmanager", List.of("jobmanager"),
            "redis", List.of("redis"),
            "broker", List.of("kafka"));
    processes.forEach(
        (name, among) -> {
          faults.put("kill-" + name, new Kill(among));
          faults.put("freeze-" + name, new Freeze(among));
        });
    faults.put("kill-at-commit", new KillAtCommit(TASK_MANAGERS));
    Map<String, Wire> wires =
        Map.of(
            "cut", Wire.CUT,
            "delay", Wire.DELAYING,
            "drip", Wire.DRIPPING,
            "reset", Wire.RESETTING);
    wires.forEach(
        (name, wire) -> {
          faults.put("kafka-" + name, new BadWire("kafka", Site::kafka, wire));
          faults.put("redis-" + name, new BadWire("redis", Site::redis, wire));
        });
    faults.put("slow-consumer", new SlowConsumer());
    faults.put("hot-key", new HotKey());
    faults.put("swap-storm", new SwapStorm(releases));
    faults.put("poison", new Poison());
    faults.put("store-away", new StoreAway());
    faults.put("trainer-away", new TrainerAway());
    faults.put(CorruptCheckpoint.NAME, new CorruptCheckpoint());
    faults.put(LoseTaskManager.NAME, new LoseTaskManager());
    faults.put(
        ClockJump.NAME, new ClockJump(List.of("jobmanager", "taskmanager-1", "taskmanager-2")));
    faults.put(DiskFull.NAME, new DiskFull());
    faults.put(KillAtRestore.NAME, new KillAtRestore(TASK_MANAGERS));
    faults.put(Rescale.NAME, new Rescale());
    faults.put(RescaleServe.NAME, new RescaleServe());
    return new Faults(faults);
  }

  Fault named(String name) {
    Fault fault = byName.get(name);
    if (fault == null) {
      throw new IllegalArgumentException("fault " + name + ", expected one of " + NAMES);
    }
    return fault;
  }
}
