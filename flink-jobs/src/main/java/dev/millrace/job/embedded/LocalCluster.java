package dev.millrace.job.embedded;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.KafkaTopics;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.wire.Counted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.configuration.JobManagerOptions;

/**
 * A cluster of separate processes on this machine, all on loopback: Kafka, Redis, a Flink job
 * manager and task managers. It outlives the process that started it.
 *
 * @param build the folder that holds {@code flink-jobs.jar}, {@code millrace-job.jar} and {@code
 *     lib/}
 * @param home where its data, logs and state file lie
 */
public record LocalCluster(Path build, Path home) {

  private static final Duration START = Duration.ofMinutes(5);

  /** After so long whoever waits for a process is told so. */
  private static final Duration SOON = Duration.ofSeconds(2);

  private static final Duration OTHERS = Duration.ofSeconds(30);

  /** A start that asks Kafka for topics notices late that Kafka was stopped. */
  private static final Duration STARTERS = Duration.ofMinutes(2);

  /** How long what was killed may take to end. */
  private static final Duration END = Duration.ofSeconds(20);

  private static final String JOB_MANAGER = "jobmanager";
  private static final String TASK_MANAGER = "taskmanager-";

  /** What Flink says first in a task manager's log, and what {@code WarmUp} says in the end. */
  private static final String TASK_MANAGER_STARTS = "Starting TaskManager (";

  private static final String WARM = "warmed up with";

  private static final int PARTITIONS = 4;

  public LocalCluster {
    build = build.toAbsolutePath().normalize();
    home = home.toAbsolutePath().normalize();
  }

  /**
   * Starts everything, and waits until it can take jobs; what an earlier cluster kept on Kafka is
   * there again, its jobs are not. What a killed start has left is stopped first; one that is told
   * to end leaves nothing.
   *
   * @throws IllegalStateException if one is up already, or a process does not come up
   */
  public ClusterState up(ClusterShape shape) {
    return up(shape, line -> {});
  }

  /**
   * The same.
   *
   * @param told what starts, and what is waited for, if it does not answer soon
   */
  @SuppressWarnings("try") // closed, and not asked
  public ClusterState up(ClusterShape shape, Consumer<String> told) {
    return alone(
        () -> {
          stopInterrupted(told);
          told.accept("starting Kafka, Redis and Flink; logs: " + home.resolve("log"));
          try (Interruption unused = Interruption.undoing(() -> stopStarted(told))) {
            return start(shape, told);
          } catch (RuntimeException e) {
            down();
            throw e;
          }
        },
        told);
  }

  private void stopStarted(Consumer<String> told) {
    told.accept("interrupted, stopping what was started");
    stop();
  }

  private void stopInterrupted(Consumer<String> told) {
    Optional<ClusterState> known = status();
    if (known.isEmpty() && strays() > 0) {
      told.accept(
          "stopped %s of a cluster whose files were deleted"
              .formatted(Counted.of(down(), "process", "processes")));
    } else if (known.isPresent() && !known.get().complete()) {
      told.accept("the last start did not come to its end; what it left is stopped first");
      down();
    } else if (known.filter(state -> state.isUp() || state.isPartlyUp()).isPresent()) {
      throw new IllegalStateException("a cluster is up already: " + known.get().restUrl());
    }
  }

  private <T> T alone(Supplier<T> change) {
    return alone(change, line -> {});
  }

  private <T> T alone(Supplier<T> change, Consumer<String> told) {
    return lock(OTHERS).during(change, told, () -> {});
  }

  private ClusterLock lock(Duration patience) {
    return new ClusterLock(home.resolve("lock"), patience);
  }

  /** What is known of the cluster; empty if there is none. */
  public Optional<ClusterState> status() {
    return ClusterState.read(files().stateFile());
  }

  /** The same, once what was killed a moment ago has ended: it is no part of the cluster. */
  public Optional<ClusterState> settled() {
    Optional<ClusterState> known = status();
    List<ClusterProcess> processes = known.map(ClusterState::processes).orElse(List.of());
    boolean unused = Poll.until(END, () -> processes.stream().noneMatch(ClusterProcess::isEnding));
    return known;
  }

  /** How many processes run of a cluster here of which nothing is known any more. */
  public int strays() {
    return status().isPresent() ? 0 : ClusterProcess.of(home).size();
  }

  /** Stops the processes that {@link #up} started and no others; says how many there were. */
  public int down() {
    return down(line -> {});
  }

  /**
   * The same. What another process is starting is stopped too, which ends that start.
   *
   * @param told if another process starts or stops the cluster, and what of it is stopped
   */
  public int down(Consumer<String> told) {
    if (!Files.isDirectory(home) && strays() == 0) {
      return 0;
    }
    AtomicInteger stopped = new AtomicInteger();
    return lock(STARTERS)
        .during(
            () -> stopped.addAndGet(stop()), told, () -> stopped.addAndGet(stopUnfinished(told)));
  }

  private int stopUnfinished(Consumer<String> told) {
    List<ClusterProcess> running = running(status().map(ClusterState::processes).orElse(List.of()));
    if (!running.isEmpty()) {
      told.accept(
          "stopping what was started: "
              + running.stream().map(ClusterProcess::name).collect(Collectors.joining(", ")));
      stop(running);
    }
    return running.size();
  }

  private int stop() {
    List<ClusterProcess> running =
        running(status().map(ClusterState::processes).orElseGet(() -> ClusterProcess.of(home)));
    stop(running);
    try {
      Files.deleteIfExists(files().stateFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    TempDirectory.delete(files().temp());
    return running.size();
  }

  private static List<ClusterProcess> running(List<ClusterProcess> processes) {
    return processes.stream().filter(ClusterProcess::isAlive).toList();
  }

  private static void stop(List<ClusterProcess> running) {
    for (int i = running.size() - 1; i >= 0; i--) {
      running.get(i).stop();
    }
  }

  /** Whether a process runs; also one that was frozen. */
  public boolean isRunning(String name) {
    return process(name).isAlive();
  }

  /** Ends a process as {@code kill -9} does. */
  public void kill(String name) {
    process(name).kill();
  }

  /** Starts a process that has ended with the command of its first start; another is left alone. */
  public synchronized void revive(String name) {
    revive(name, line -> {});
  }

  private synchronized void revive(String name, Consumer<String> told) {
    alone(
        () -> {
          ClusterProcess process = process(name);
          return process.isAlive()
              ? known()
              : launch(known(), name, process.address(), process.command());
        },
        told);
  }

  /**
   * Starts again all that has ended, and waits until it takes its part.
   *
   * @param told what is started, and what is waited for, if it does not answer soon
   * @throws IllegalStateException if a process does not come up
   */
  public ClusterState reviveEnded(Consumer<String> told) {
    Optional<Map<String, String>> running = environment(known());
    if (running.isEmpty()) {
      told.accept("no process shows the cluster's secrets: those of this shell are taken");
    } else {
      List<String> others = ClusterProcess.differing(System.getenv(), running.get());
      if (!others.isEmpty()) {
        told.accept(
            "%s as they are in what still runs, not as in this shell: cluster down, then up, takes those"
                .formatted(String.join(", ", others)));
      }
    }
    List<ClusterProcess> ended = ended(process -> !isTaskManager(process));
    ended.forEach(process -> reviveEnded(process, told));
    Map<String, String> before =
        ended(LocalCluster::isTaskManager).isEmpty() ? Map.of() : registered(told);
    List<ClusterProcess> workers = ended(LocalCluster::isTaskManager); // others may revive some
    workers.forEach(process -> reviveEnded(process, told));
    ClusterState state = known();
    FlinkRest rest = new FlinkRest(URI.create(state.restUrl()));
    for (ClusterProcess process : Stream.concat(ended.stream(), workers.stream()).toList()) {
      awaitUp(state, process.name(), () -> takesPart(process, rest, before), told);
      requireAnswers(state, process.name(), told);
    }
    return state;
  }

  private List<ClusterProcess> ended(Predicate<String> named) {
    return known().ended().stream().filter(process -> named.test(process.name())).toList();
  }

  private void reviveEnded(ClusterProcess process, Consumer<String> told) {
    told.accept(process.name() + " had ended, and is started again");
    revive(process.name(), told);
  }

  /**
   * The task managers that the job manager counts; it misses one that has ended late. It may have
   * to start first, and to find what it needs.
   */
  private Map<String, String> registered(Consumer<String> told) {
    FlinkRest rest = new FlinkRest(URI.create(known().restUrl()));
    List<Map<String, String>> counted = new ArrayList<>();
    BooleanSupplier decided =
        () ->
            !ended(JOB_MANAGER::equals).isEmpty()
                || rest.registered().map(counted::add).orElse(false);
    if (!Poll.until(SOON, decided)) {
      told.accept("waiting for %s; log: %s".formatted(JOB_MANAGER, log(JOB_MANAGER)));
      boolean unused = Poll.until(START, decided);
    }
    if (counted.isEmpty()) {
      throw new IllegalStateException(
          "%s does not say which task managers it has, expected it within %d s; see %s"
              .formatted(JOB_MANAGER, START.toSeconds(), log(JOB_MANAGER)));
    }
    return counted.get(0);
  }

  private static boolean isTaskManager(String process) {
    return process.startsWith(TASK_MANAGER);
  }

  /**
   * @param before what was registered when it had ended
   */
  private static boolean takesPart(
      ClusterProcess process, FlinkRest rest, Map<String, String> before) {
    if (process.name().equals(JOB_MANAGER)) {
      return rest.answers();
    }
    if (isTaskManager(process.name())) {
      String now = rest.registered().orElse(Map.of()).get(process.name());
      return now != null && !now.equals(before.get(process.name()));
    }
    return listens(URI.create("//" + process.address()).getPort());
  }

  /** Stops a process in the middle of what it does: its connections stay, nothing answers. */
  public void freeze(String name) {
    process(name).signal("STOP");
  }

  /** Lets a process go on. */
  public void thaw(String name) {
    process(name).signal("CONT");
  }

  /** The task managers that run, in the order of their start. */
  public synchronized List<ClusterProcess> taskManagers() {
    return known().processes().stream()
        .filter(process -> isTaskManager(process.name()) && process.isAlive())
        .toList();
  }

  /**
   * Starts one more task manager: one that has ended, else one like the first; it registers by
   * itself.
   */
  public synchronized void addTaskManager() {
    alone(
        () -> { // another command may start what has ended, until then
          ClusterState state = known();
          return state.ended().stream()
              .filter(process -> isTaskManager(process.name()))
              .findFirst()
              .map(ended -> launch(state, ended.name(), ended.address(), ended.command()))
              .orElseGet(() -> launchTaskManager(state));
        });
  }

  private ClusterState launchTaskManager(ClusterState state) {
    int number = 2;
    while (state.process(TASK_MANAGER + number).isPresent()) {
      number++;
    }
    String name = TASK_MANAGER + number;
    int port = FreePorts.find(1).get(0);
    List<String> command =
        process(TASK_MANAGER + 1).command().stream()
            .map(word -> FlinkProcesses.portIn(word, port).replace(TASK_MANAGER + 1, name))
            .toList();
    return launch(state, name, metrics(port), command);
  }

  /** Asks a task manager to leave; the cluster goes on without it. */
  public synchronized void removeTaskManager(String name) {
    alone(
        () -> {
          process(name).stop();
          TempDirectory.delete(files().temp(name));
          return keep(known().without(name));
        });
  }

  private synchronized ClusterProcess process(String name) {
    return known()
        .process(name)
        .orElseThrow(
            () -> new IllegalArgumentException("no process " + name + ", expected one of status"));
  }

  private ClusterState known() {
    return status().orElseThrow(() -> new IllegalStateException("no cluster is up"));
  }

  /** Whether its jobs take what slots there are, more or fewer. */
  public boolean isAdaptive() {
    Configuration flink = GlobalConfiguration.loadConfiguration(files().conf().toString());
    return flink.get(JobManagerOptions.SCHEDULER) == JobManagerOptions.SchedulerType.Adaptive;
  }

  /**
   * Makes sure that its processes have the model runtime of this build, which jobs take from them.
   *
   * @throws IllegalStateException if it was started with another: a job would go on with that
   */
  public void requireThisBuild() {
    List<String> outdated = new ClusterLib(build).outdated(home.resolve("lib"));
    if (!outdated.isEmpty()) {
      throw new IllegalStateException(
          "the cluster on this machine was started with %s of another build, expected this one: ./millrace stop what runs, cluster down, cluster up, and submit from the savepoints"
              .formatted(String.join(" and ", outdated)));
    }
  }

  /** The jar of both jobs. */
  public Path jobJar() {
    return new ClusterLib(build).jobJar();
  }

  private ClusterState start(ClusterShape shape, Consumer<String> told) {
    List<Integer> ports = FreePorts.find(6);
    FlinkProcesses flink = FlinkProcesses.of(home, ports.get(3), ports.get(4), shape);
    if (shape.highlyAvailable()) {
      flink = flink.keptBy(ports.get(5), home);
    }
    files().prepare(flink.yaml());
    ClusterState state =
        new ClusterState(
            "127.0.0.1:" + ports.get(0),
            "redis://127.0.0.1:" + ports.get(2),
            "http://127.0.0.1:" + ports.get(4),
            List.of(),
            false);
    if (shape.highlyAvailable()) {
      state = launch(state, "zookeeper", local(ports.get(5)), files().zooKeeper(ports.get(5)));
    }
    state = launch(state, "redis", local(ports.get(2)), files().redis(ports.get(2)));
    state =
        launch(
            state,
            "kafka",
            local(ports.get(0)),
            files().kafka(ports.get(0), ports.get(1), shape.relay()));
    awaitPort(state, "redis", ports.get(2), told);
    awaitPort(state, "kafka", ports.get(0), told);
    requireAnswers(state, "redis", told);
    requireAnswers(state, "kafka", told);
    createTopics(state.bootstrap(), told);
    return keep(startFlink(state, flink, shape, told).completed());
  }

  /** Whoever is told of a topic that does not fit has no Kafka to mend it with: it is stopped. */
  void createTopics(String bootstrap, Consumer<String> told) {
    try {
      Topics unused = Topics.create(bootstrap, Topics.DEFAULT_PREFIX, PARTITIONS, told);
    } catch (Topics.UnfitException e) {
      throw new IllegalStateException(
          "%s; move %s away, which holds all topics of the cluster, and cluster up begins with new ones"
              .formatted(e.getMessage(), home.resolve("kafka-data")),
          e);
    }
  }

  /** One process after the other: a busy machine would make them miss each other's deadlines. */
  private ClusterState startFlink(
      ClusterState services, FlinkProcesses flink, ClusterShape shape, Consumer<String> told) {
    List<Integer> metrics = FreePorts.find(shape.taskManagers() + 1);
    ClusterState state =
        launch(
            services,
            JOB_MANAGER,
            metrics(metrics.get(0)),
            files().jobManager(JOB_MANAGER, shape, flink, metrics.get(0)));
    FlinkRest rest = new FlinkRest(URI.create(state.restUrl()));
    awaitUp(state, JOB_MANAGER, rest::answers, told);
    for (int i = 1; i <= shape.taskManagers(); i++) {
      int registered = i;
      String name = TASK_MANAGER + i;
      state =
          launch(
              state,
              name,
              metrics(metrics.get(i)),
              files().taskManager(name, shape, flink, metrics.get(i)));
      awaitUp(state, name, () -> rest.taskManagers() == registered, told);
    }
    return state;
  }

  /**
   * Starts a process, and writes down that it runs; one that cannot be written down is ended. What
   * one before of its name has left in its temporary folder is deleted. Its secrets are those of
   * the others: whoever starts it again may do so from a shell that has none.
   */
  private ClusterState launch(
      ClusterState state, String name, String address, List<String> command) {
    TempDirectory.delete(files().temp(name));
    Path said = home.resolve("log").resolve(name + ".out");
    ClusterProcess started =
        new ClusterProcess(name, 0, "", address, command)
            .start(environment(state).orElseGet(System::getenv), home, said);
    try {
      return keep(state.with(started));
    } catch (UncheckedIOException e) {
      started.kill();
      throw e;
    }
  }

  /** Of a task manager if one runs: the jobs' secrets are theirs. */
  private static Optional<Map<String, String>> environment(ClusterState state) {
    return running(state.processes()).stream()
        .sorted(Comparator.comparing(process -> !isTaskManager(process.name())))
        .flatMap(process -> process.environment().stream())
        .findFirst();
  }

  private ClusterState keep(ClusterState state) {
    state.write(files().stateFile());
    return state;
  }

  private static String local(int port) {
    return "127.0.0.1:" + port;
  }

  private static String metrics(int port) {
    return "http://127.0.0.1:" + port + "/metrics";
  }

  private void awaitPort(ClusterState state, String name, int port, Consumer<String> told) {
    awaitUp(state, name, () -> listens(port), told);
  }

  private void awaitUp(
      ClusterState state, String name, BooleanSupplier isUp, Consumer<String> told) {
    BooleanSupplier decided = () -> !state.ended().isEmpty() || isUp.getAsBoolean();
    boolean done = Poll.until(SOON, decided);
    if (!done) {
      told.accept("waiting for %s; log: %s".formatted(name, log(name)));
      done = Poll.until(START, decided);
    }
    if (!state.ended().isEmpty()) {
      String ended = state.ended().get(0).name();
      throw new IllegalStateException(ended + " ended while it started; see " + log(ended));
    }
    if (!done) {
      throw new IllegalStateException(
          name + " is not up after " + START.toSeconds() + " s; see " + log(name));
    }
  }

  /**
   * Kafka and Redis are asked for something: a port is open before whoever listens serves, and may
   * be another's.
   */
  private static void requireAnswers(ClusterState state, String name, Consumer<String> told) {
    if (name.equals("redis")) {
      RedisPing.require(URI.create(state.redisUri()));
    } else if (name.equals("kafka")) {
      Map<String, String> at = Map.of("kafka.bootstrap", state.bootstrap());
      KafkaTopics.await(MillraceConfig.defaults().with(at).kafka(), told);
    }
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private ClusterFiles files() {
    return new ClusterFiles(build, home);
  }

  /** Where a process writes its log. */
  public Path log(String name) {
    return files().log(name);
  }

  /** Whether a task manager that was told to warm up is done with it, by its log. */
  public boolean isWarm(String taskManager) {
    try {
      String log = Files.readString(log(taskManager));
      String since = log.substring(Math.max(0, log.lastIndexOf(TASK_MANAGER_STARTS)));
      return since.contains(WARM);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
