package dev.millrace.job.chaos;

import dev.millrace.job.bench.serve.SwapReleases;
import dev.millrace.job.chaos.Fault.Struck;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** All faults there are, by name: those of processes first, those that must be asked for last. */
final class Faults {

  private static final List<String> TASK_MANAGERS = List.of("taskmanager-1", "taskmanager-2");
  private static final int MANY = 10;
  private static final int STORM = 12;
  private static final int STORM_RANK = 4;

  private static final Map<String, Fault> ALL = all();

  /** Their order is part of what a seed's schedule follows from. */
  static final List<String> NAMES = List.copyOf(ALL.keySet());

  /** Those that strike where none is asked for by name. */
  static final List<String> ANYWHERE = NAMES.subList(0, NAMES.indexOf(LoseTaskManager.NAME));

  private Faults() {}

  private static Map<String, Fault> all() {
    Map<String, Fault> all = new LinkedHashMap<>();
    List<String> kinds = List.of("taskmanager", "jobmanager", "redis", "broker");
    kinds.forEach(kind -> all.put("kill-" + kind, kill(processes(kind))));
    all.put("kill-at-commit", new KillAtCommit(TASK_MANAGERS));
    kinds.forEach(kind -> all.put("freeze-" + kind, freeze(processes(kind))));
    putBadWires(all, "kafka", Site::kafka);
    putBadWires(all, "redis", Site::redis);
    all.put("slow-consumer", Faults::slowConsumer);
    all.put("hot-key", Faults::hotKey);
    all.put("swap-storm", Faults::swapStorm);
    all.put("poison", new Poison());
    all.put("store-away", new StoreAway());
    all.put("trainer-away", Faults::trainerAway);
    all.put(CorruptCheckpoint.NAME, new CorruptCheckpoint());
    all.put(LoseTaskManager.NAME, new LoseTaskManager());
    all.put(ClockJump.NAME, new ClockJump(List.of("jobmanager", "taskmanager-1", "taskmanager-2")));
    all.put(DiskFull.NAME, new DiskFull());
    all.put("kill-at-restore", new KillAtRestore(TASK_MANAGERS));
    all.put("rescale", new Rescale());
    all.put("rescale-serve", Faults::rescaleServe);
    return all;
  }

  static Fault named(String name) {
    Fault fault = ALL.get(name);
    if (fault == null) {
      throw new IllegalArgumentException("fault " + name + ", expected one of " + NAMES);
    }
    return fault;
  }

  private static List<String> processes(String kind) {
    return switch (kind) {
      case "taskmanager" -> TASK_MANAGERS;
      case "broker" -> List.of("kafka");
      default -> List.of(kind);
    };
  }

  /** {@code kill -9} of one of some processes, which is started again later. */
  private static Fault kill(List<String> processes) {
    return (site, random) -> {
      String name = running(site, processes, random);
      site.keeper().kill(name);
      return new Struck(name, () -> site.keeper().bringUp(name));
    };
  }

  /** One of some processes is stopped in the middle of what it does, and goes on later. */
  private static Fault freeze(List<String> processes) {
    return (site, random) -> {
      String name = running(site, processes, random);
      site.cluster().freeze(name);
      return new Struck(name, () -> site.cluster().thaw(name));
    };
  }

  /** What another fault has taken away can neither be killed nor frozen. */
  private static String running(Site site, List<String> processes, RandomGenerator random) {
    String name = processes.get(random.nextInt(processes.size()));
    if (!site.cluster().isRunning(name)) {
      throw new IllegalStateException(name + " does not run, expected that it does");
    }
    return name;
  }

  /** The jobs' way to a service, on which there is a relay, is bad. */
  private static void putBadWires(
      Map<String, Fault> all, String service, Function<Site, Relay> relay) {
    all.put(service + "-cut", badWire(service, relay, Wire.CUT));
    all.put(service + "-delay", badWire(service, relay, Wire.DELAYING));
    all.put(service + "-drip", badWire(service, relay, Wire.DRIPPING));
    all.put(service + "-reset", badWire(service, relay, Wire.RESETTING));
  }

  private static Fault badWire(String service, Function<Site, Relay> relay, Wire wire) {
    return (site, random) -> {
      relay.apply(site).become(wire);
      return new Struck(service, () -> relay.apply(site).become(Wire.CLEAR));
    };
  }

  /** Callers ask many times as much as before: whoever answers falls behind. */
  private static Struck slowConsumer(Site site, RandomGenerator random) {
    site.traffic().askTimes(MANY);
    return new Struck(MANY + " times the requests", () -> site.traffic().askTimes(1));
  }

  /** All requests come under one key: one subtask has to answer them all. */
  private static Struck hotKey(Site site, RandomGenerator random) {
    int caller = random.nextInt(Traffic.CALLERS);
    site.traffic().askAs(caller);
    return new Struck("caller " + caller, () -> site.traffic().askAs(Traffic.ANYBODY));
  }

  /** Many releases of one domain, one right after the other. */
  private static Struck swapStorm(Site site, RandomGenerator random) {
    SwapReleases releases = site.releases();
    for (int i = 0; i < STORM; i++) {
      site.traffic().publish(releases.publish(releases.draft(STORM_RANK, random.nextLong())));
    }
    return Struck.atOnce(STORM + " releases");
  }

  /** The learn job is stopped with a savepoint, and resumed from it later. */
  private static Struck trainerAway(Site site, RandomGenerator random) {
    String savepoint = site.jobs().stopLearn();
    return new Struck("the learn job", () -> site.jobs().startLearn(savepoint));
  }

  /**
   * The job that answers is stopped with a savepoint, and goes on from it with one subtask in place
   * of two, or with two in place of one.
   */
  private static Struck rescaleServe(Site site, RandomGenerator random) {
    String savepoint = site.jobs().stopServe();
    return new Struck("the serve job", () -> site.jobs().rescaleServe(savepoint));
  }
}
