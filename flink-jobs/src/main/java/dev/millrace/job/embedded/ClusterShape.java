package dev.millrace.job.embedded;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a local cluster is made of.
 *
 * @param taskManagers how many to begin with
 * @param slots of each task manager
 * @param highlyAvailable whether a ZooKeeper keeps what a job manager must find again
 * @param relay a second way to Kafka, which leads through somebody else's port; null without
 * @param options Flink's, on top of ours
 * @param warm a base that a task manager opens once when it starts; null for none
 * @param clocks of Flink's processes
 */
public record ClusterShape(
    int taskManagers,
    int slots,
    boolean highlyAvailable,
    @Nullable KafkaRelay relay,
    Map<String, String> options,
    @Nullable Path warm,
    Clocks clocks) {

  /** Each process has its own. */
  private static final Set<String> DRAWN =
      Set.of(
          "rest.port",
          "rest.bind-port",
          "metrics.reporter.prometheus.port",
          "taskmanager.data.port",
          "taskmanager.data.bind-port",
          "taskmanager.resource-id");

  public ClusterShape {
    options = Map.copyOf(options);
    for (String drawn : DRAWN) {
      if (options.containsKey(drawn)) {
        throw new IllegalArgumentException(
            "--flink %s=%s, expected none: each process is given its own"
                .formatted(drawn, options.get(drawn)));
      }
    }
  }

  /** Two task managers with four slots each. */
  public static ClusterShape defaults() {
    return new ClusterShape(2, 4, false, null, Map.of(), null, Clocks.real());
  }

  /** The same, whose jobs run with as many subtasks as there are slots, up to what they ask for. */
  public ClusterShape adaptive() {
    Map<String, String> more = new HashMap<>(options);
    more.put("jobmanager.scheduler", "adaptive");
    more.put("jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling", "10 s");
    return new ClusterShape(taskManagers, slots, highlyAvailable, relay, more, warm, clocks);
  }

  /**
   * A port of the broker that clients reach through another one.
   *
   * @param listens where the broker listens
   * @param advertised where the broker says that it listens
   */
  public record KafkaRelay(int listens, int advertised) {}
}
