package dev.millrace.job.embedded;

import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.simd.Simd;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint;
import org.apache.flink.runtime.jobmanager.JobManagerProcessUtils;
import org.apache.flink.runtime.taskexecutor.TaskManagerRunner;
import org.apache.flink.runtime.util.config.memory.ProcessMemoryUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The command lines of a job manager and its task managers.
 *
 * @param options Flink's, by key
 * @param agent the option of Java by which a task manager warms up; null for none
 */
record FlinkProcesses(Map<String, String> options, @Nullable String agent) {

  /** What Flink reflects upon. */
  static final List<String> OPENS =
      List.of(
          "java.util",
          "java.lang",
          "java.util.concurrent",
          "java.util.concurrent.atomic",
          "java.nio",
          "sun.nio.ch",
          "java.time",
          "java.net",
          "java.text");

  /**
   * How long Pekko may take to start on a busy machine, 10 s by default. Flink's own key, {@code
   * pekko.startup-timeout}, is handed on under a name that Pekko does not read (Flink 2.2).
   */
  static final String PATIENCE = "-Dpekko.remote.classic.startup-timeout=120s";

  /** The options that name folders of what need not outlive a process. */
  static final List<String> TEMPORARY = List.of("io.tmp.dirs", "web.tmpdir");

  private static final Logger LOG = LoggerFactory.getLogger(FlinkProcesses.class);
  private static final String REPORTER = "metrics.reporter.prometheus.";

  static FlinkProcesses of(Path home, int rpcPort, int restPort, ClusterShape shape) {
    Map<String, String> o = new TreeMap<>();
    o.put("jobmanager.rpc.address", "127.0.0.1");
    o.put("jobmanager.rpc.port", String.valueOf(rpcPort));
    o.put("jobmanager.bind-host", "127.0.0.1");
    o.put("rest.address", "127.0.0.1");
    o.put("rest.bind-address", "127.0.0.1");
    o.put("rest.port", String.valueOf(restPort));
    o.put("taskmanager.host", "127.0.0.1");
    o.put("taskmanager.bind-host", "127.0.0.1");
    o.put("taskmanager.numberOfTaskSlots", String.valueOf(shape.slots()));
    o.put("taskmanager.load-balance.mode", "SLOTS"); // a lost one takes as little as can be
    o.put("parallelism.default", String.valueOf(shape.taskManagers()));
    o.put("jobstore.expiration-time", "604800"); // a week: why a job ended is asked later
    o.put("jobstore.max-capacity", "1000"); // each query of SQL is a job, too
    o.put("heartbeat.interval", "250 ms");
    o.put("heartbeat.timeout", "20 s");
    o.put("pekko.ask.timeout", "60 s");
    o.put("web.timeout", "120000");
    o.put("state.backend.rocksdb.log.level", "ERROR_LEVEL"); // else two lines a checkpoint
    TEMPORARY.forEach(folder -> o.put(folder, home.resolve("tmp").toString()));
    o.put("execution.checkpointing.dir", ReleaseFiles.uri(home.resolve("checkpoints")));
    o.put("execution.checkpointing.num-retained", "3");
    o.put("execution.checkpointing.savepoint-dir", ReleaseFiles.uri(home.resolve("savepoints")));
    o.put(
        "classloader.parent-first-patterns.additional",
        "ai.djl;com.sun.jna;dev.millrace.model;dev.millrace.schema");
    o.put("jobmanager.memory.flink.size", "768m");
    o.put("taskmanager.memory.task.heap.size", "1g");
    o.put("taskmanager.memory.task.off-heap.size", "1g");
    o.put("taskmanager.memory.managed.size", "64m");
    o.put("taskmanager.memory.network.min", "96m");
    o.put("taskmanager.memory.network.max", "96m");
    o.put(
        REPORTER + "factory.class",
        "org.apache.flink.metrics.prometheus.PrometheusReporterFactory");
    o.putAll(shape.options());
    return new FlinkProcesses(o, agent(home.resolve("lib"), shape.warm()));
  }

  private static @Nullable String agent(Path lib, @Nullable Path base) {
    if (base != null && lib.toString().indexOf('=') >= 0) { // which ends an agent's path
      LOG.warn("task managers start cold: {} holds a '=', and cannot be named to an agent", lib);
      return null;
    }
    return base == null ? null : "-javaagent:" + lib.resolve(ClusterLib.WARM_UP) + "=" + base;
  }

  /** The same, with what a job manager must find again kept by a ZooKeeper. */
  FlinkProcesses keptBy(int zooKeeperPort, Path home) {
    Map<String, String> o = new TreeMap<>(options);
    o.put("high-availability.type", "zookeeper");
    o.put("high-availability.zookeeper.quorum", "127.0.0.1:" + zooKeeperPort);
    o.put("high-availability.zookeeper.client.session-timeout", "5 s");
    o.put("high-availability.zookeeper.client.connection-timeout", "5 s");
    o.put("high-availability.zookeeper.client.tolerate-suspended-connections", "true");
    o.put("high-availability.storageDir", ReleaseFiles.uri(home.resolve("ha")));
    return new FlinkProcesses(o, agent);
  }

  /** A word of a command with another port for metrics, if it names one. */
  static String portIn(String word, int port) {
    String option = REPORTER + "port=";
    return word.startsWith(option) ? option + port : word;
  }

  /** Flink's config.yaml. */
  String yaml() {
    return options.entrySet().stream()
        .map(option -> option.getKey() + ": \"" + option.getValue() + "\"\n")
        .collect(Collectors.joining());
  }

  /** The job manager; its metrics can be read at the port. */
  List<String> jobManager(Path conf, int metricsPort) {
    var spec = JobManagerProcessUtils.processSpecFromConfig(configuration());
    List<String> command = new ArrayList<>();
    command.addAll(words(JobManagerProcessUtils.generateJvmParametersStr(spec, configuration())));
    command.addAll(opens());
    command.add(PATIENCE);
    command.addAll(java("jobmanager"));
    command.add(StandaloneSessionClusterEntrypoint.class.getName());
    command.addAll(List.of("--configDir", conf.toString()));
    command.addAll(words(JobManagerProcessUtils.generateDynamicConfigsStr(spec)));
    command.addAll(List.of("-D", REPORTER + "port=" + metricsPort));
    return command;
  }

  /** A task manager; its metrics can be read at the port. */
  List<String> taskManager(Path conf, String id, int metricsPort) {
    var spec = TaskExecutorProcessUtils.processSpecFromConfig(configuration());
    List<String> command = new ArrayList<>();
    command.addAll(words(ProcessMemoryUtils.generateJvmParametersStr(spec)));
    command.addAll(opens());
    command.add(PATIENCE);
    command.add("-Dai.djl.offline=true");
    if (ModuleFinder.ofSystem().find(Simd.MODULE).isPresent()) {
      command.add("--add-modules=" + Simd.MODULE);
    }
    if (agent != null) {
      command.add(agent);
    }
    command.addAll(java("taskmanager"));
    command.add(TaskManagerRunner.class.getName());
    command.addAll(List.of("--configDir", conf.toString()));
    command.addAll(words(TaskExecutorProcessUtils.generateDynamicConfigsStr(spec)));
    command.addAll(List.of("-D", "taskmanager.resource-id=" + id));
    command.addAll(List.of("-D", REPORTER + "port=" + metricsPort));
    return command;
  }

  /** What Flink's own scripts give Java for a process, in their order. */
  private List<String> java(String process) {
    return Stream.of("default-opts.all", "opts.all", "default-opts." + process, "opts." + process)
        .map(option -> options.getOrDefault("env.java." + option, ""))
        .filter(given -> !given.isBlank())
        .flatMap(given -> words(given).stream())
        .toList();
  }

  private Configuration configuration() {
    return Configuration.fromMap(options);
  }

  private static List<String> opens() {
    return OPENS.stream().map(name -> "--add-opens=java.base/" + name + "=ALL-UNNAMED").toList();
  }

  private static List<String> words(String parameters) {
    return List.of(parameters.strip().split("\\s+"));
  }
}
