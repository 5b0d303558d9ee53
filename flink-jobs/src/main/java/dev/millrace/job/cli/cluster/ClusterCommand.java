package dev.millrace.job.cli.cluster;

import static java.util.Map.entry;

import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.Clocks;
import dev.millrace.job.embedded.ClusterProcess;
import dev.millrace.job.embedded.ClusterShape;
import dev.millrace.job.embedded.ClusterState;
import dev.millrace.job.embedded.FlinkFailure;
import dev.millrace.job.embedded.FlinkJob;
import dev.millrace.job.embedded.FlinkRest;
import dev.millrace.job.embedded.LocalCluster;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.wire.Counted;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** Starts, shows and stops a cluster of processes on this machine. */
@Command(
    name = "cluster",
    description = "A multi-process cluster on this machine: Kafka, Redis and Flink.",
    footer = {
      "",
      "Examples:",
      "  ./millrace cluster up",
      "  ./millrace cluster up --task-managers 5 --slots 1",
      "  ./millrace cluster down"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class ClusterCommand implements Callable<Integer> {

  private static final String INCOMPLETE =
      "  not all was started: that goes on, or was interrupted; ./millrace cluster up starts anew";

  /** Of jobs that have ended so many are told, for Flink knows a thousand. */
  private static final int ENDED_SHOWN = 10;

  private static final String MORE = "\n  and %d that ended before (--json tells all)";

  private static final String SILENT = "\n  Flink does not answer: which jobs it has is not known";

  private static final String STRAYS =
      "no cluster, but %s of one whose files were deleted: ./millrace cluster down stops the rest";

  private static final String GOES_ON =
      "\n  no %s job; one before has left its state: %s goes on from there";

  private static final String REFUSED =
      "\n  no %1$s job; the last one refused the state that one before has left: %2$s; once that is mended, %3$s goes on from there; ./millrace submit %1$s begins from nothing";

  private static final String TWINS =
      "\n  %d jobs are named %s, expected one: each takes the other's transactions; end all but one:"
          + " curl -X PATCH '%s/jobs/JOB?mode=cancel'";

  private static final String ABSENT =
      "\n  there is no topic %s, which job %s reads: ./millrace topics (with the job's --prefix) makes it, without what was on it";

  private static final String DEAF =
      "\n  Kafka does not answer: whether it has the topics of the jobs is not known";

  private static final String NEXT = "\n  no %s job yet: ./millrace submit %1$s";

  /** With less, processes end and jobs fail that say nothing of it: their logs are on that disk. */
  private static final long LITTLE = 64L << 20;

  /** What lies in a cluster's folder, and may be mounted or linked there from elsewhere. */
  private static final List<String> FOLDERS =
      List.of("store", "checkpoints", "savepoints", "kafka-data", "log");

  private static final String PREFIX = MillraceConfig.defaults().kafka().prefix();

  private static final Set<String> ENDED_WELL = Set.of("FINISHED", "CANCELED");

  /** What to do with the cluster. */
  enum Action {
    up,
    status,
    down
  }

  @Spec private CommandSpec spec;
  @Mixin private Output output;

  @Parameters(paramLabel = "up|status|down", description = "What to do with it.")
  private Action action;

  @Option(
      names = "--task-managers",
      paramLabel = "N",
      description = "Flink task managers to start (default: ${DEFAULT-VALUE}).")
  private int taskManagers = ClusterShape.defaults().taskManagers();

  @Option(
      names = "--slots",
      paramLabel = "N",
      description = "Slots of each (default: ${DEFAULT-VALUE}).")
  private int slots = ClusterShape.defaults().slots();

  @Option(
      names = "--adaptive",
      description = "Jobs take what slots there are, more or fewer; see ./millrace autoscale.")
  private boolean adaptive;

  @Option(
      names = "--ha",
      description = "Keep jobs over a crash of the job manager, by a ZooKeeper.")
  private boolean highlyAvailable;

  @Option(
      names = "--flink",
      paramLabel = "KEY=VALUE",
      description = "An option of Flink's, such as state.backend.type=rocksdb.")
  private Map<String, String> flink = Map.of();

  @Override
  public Integer call() throws IOException {
    if (action != Action.up) {
      requireNoShape("with cluster " + action + ", expected it with cluster up");
    }
    LocalCluster cluster = Home.here().cluster();
    return switch (action) {
      case up -> show(Optional.of(up(cluster)));
      case status -> show(cluster.status());
      case down -> down(cluster.down(output.err()::println));
    };
  }

  /** Of a cluster that is up, what has ended is started again. */
  private ClusterState up(LocalCluster cluster) {
    Optional<ClusterState> known = cluster.settled();
    if (known.isEmpty() || !known.get().isPartlyUp()) {
      return cluster.up(shape(), output.err()::println);
    }
    requireNoShape(
        "with a cluster that is partly up, whose processes start again as they were; expected"
            + " ./millrace cluster down first");
    return cluster.reviveEnded(output.err()::println);
  }

  private void requireNoShape(String why) {
    ParseResult given = spec.commandLine().getParseResult();
    for (String option : List.of("--task-managers", "--slots", "--adaptive", "--ha", "--flink")) {
      if (given.hasMatchedOption(option)) {
        throw new IllegalArgumentException(option + " " + why);
      }
    }
  }

  private ClusterShape shape() {
    if (taskManagers < 1 || slots < 1) {
      throw new IllegalArgumentException(
          "%d task managers with %d slots, expected at least one of each"
              .formatted(taskManagers, slots));
    }
    if (flink.containsKey("")) {
      throw new IllegalArgumentException(
          "--flink =%s, expected KEY=VALUE".formatted(flink.get("")));
    }
    ClusterShape shape =
        new ClusterShape(
            taskManagers, slots, highlyAvailable, null, flink, Home.here().nano(), Clocks.real());
    return adaptive ? shape.adaptive() : shape;
  }

  private int down(int stopped) {
    output.result(Map.of("stopped", stopped), "stopped " + processes(stopped));
    return 0;
  }

  private static String processes(int count) {
    return Counted.of(count, "process", "processes");
  }

  private int show(Optional<ClusterState> known) throws IOException {
    if (known.isEmpty()) {
      int strays = Home.here().cluster().strays();
      String text = strays == 0 ? "no cluster" : STRAYS.formatted(processes(strays));
      return output.result(Map.of("up", false, "strays", strays), text, List.of(text));
    }
    ClusterState state = known.get();
    Path home = Home.here().cluster().home();
    long free = Files.getFileStore(home).getUsableSpace();
    Optional<List<FlinkJob>> told = jobs(state);
    List<FlinkJob> jobs = told.orElse(List.of());
    List<FlinkJob> shown = shown(jobs);
    Map<String, FlinkFailure> failures = failures(state, output.json() ? jobs : shown);
    List<SubmitCommand.Job> lacking = told.isPresent() ? lacking(jobs) : List.of();
    Map<String, Path> states = states(lacking);
    Map<String, String> left = left(states);
    Map<String, String> refused = refused(state, states, jobs);
    String full = full(home);
    String twins = twins(jobs, state.restUrl());
    String absent = absent(state, jobs);
    return output.result(
        Map.ofEntries(
            entry("up", state.isUp()),
            entry("complete", state.complete()),
            entry("bootstrap", state.bootstrap()),
            entry("redis", state.redisUri()),
            entry("rest", state.restUrl()),
            entry("processes", state.processes().stream().map(ClusterCommand::json).toList()),
            entry("flinkAnswers", told.isPresent()),
            entry("jobs", jobs),
            entry("failures", failures),
            entry("left", left),
            entry("refused", refused),
            entry("freeBytes", free)),
        "Kafka %s\nRedis %s\nFlink %s\n%s%s%s%s%s%s%s%s%s%s"
            .formatted(
                state.bootstrap(),
                state.redisUri(),
                state.restUrl(),
                state.processes().stream()
                    .map(ClusterCommand::line)
                    .collect(Collectors.joining("\n")),
                shown.stream().map(job -> line(job, failures)).collect(Collectors.joining()),
                jobs.size() == shown.size() ? "" : MORE.formatted(jobs.size() - shown.size()),
                twins,
                absent,
                told.isPresent() ? "" : SILENT,
                lacking.stream()
                    .filter(job -> !left.containsKey(job.name()))
                    .map(NEXT::formatted)
                    .collect(Collectors.joining()),
                left.entrySet().stream()
                    .map(job -> goesOn(job.getKey(), job.getValue(), refused.get(job.getKey())))
                    .collect(Collectors.joining()),
                state.complete() ? "" : "\n" + INCOMPLETE,
                full),
        against(state, told.isPresent() ? "" : SILENT, twins, absent, full));
  }

  private static List<String> against(ClusterState state, String... more) {
    List<String> against = new ArrayList<>();
    for (ClusterProcess process : state.processes()) {
      if (!process.isAlive() || process.isStopped()) {
        against.add(process.name() + (process.isAlive() ? " is stopped" : " has ended"));
      }
    }
    Stream.concat(Stream.of(state.complete() ? "" : INCOMPLETE), Arrays.stream(more))
        .filter(line -> !line.isEmpty())
        .map(String::strip)
        .forEach(against::add);
    return against;
  }

  /** What is said of the disks of a cluster's folder and of what lies in it, each once. */
  static String full(Path home) throws IOException {
    StringBuilder said = new StringBuilder();
    Set<FileStore> disks = new HashSet<>();
    for (Path folder :
        Stream.concat(Stream.of(home), FOLDERS.stream().map(home::resolve)).toList()) {
      if (Files.isDirectory(folder)) {
        FileStore disk = Files.getFileStore(folder);
        if (disks.add(disk)) {
          said.append(full(folder, disk.getUsableSpace(), disk.isReadOnly()));
        }
      }
    }
    return said.toString();
  }

  /** What is said of a disk; empty if there is room. */
  public static String full(Path folder, long free, boolean readOnly) {
    if (readOnly) {
      return "\n  the disk of %s is read-only, expected one that can be written".formatted(folder);
    }
    return free >= LITTLE
        ? ""
        : "\n  the disk is full, %d MB are free for %s: make room; ./millrace cluster up starts what has ended"
            .formatted(free >> 20, folder);
  }

  /** Each would fence off the other's transactions for ever; what Flink says does not tell why. */
  private static String twins(List<FlinkJob> jobs, String rest) {
    return jobs.stream()
        .filter(job -> !job.hasEnded() && isOurs(job))
        .collect(Collectors.groupingBy(FlinkJob::name, TreeMap::new, Collectors.counting()))
        .entrySet()
        .stream()
        .filter(of -> of.getValue() > 1)
        .map(of -> TWINS.formatted(of.getValue(), of.getKey(), rest))
        .collect(Collectors.joining());
  }

  private static boolean isOurs(FlinkJob job) {
    return Stream.of(SubmitCommand.Job.values()).anyMatch(kind -> job.name().endsWith("-" + kind));
  }

  /** A job whose topic was deleted goes on without a word; where Kafka has ended, that is said. */
  private static String absent(ClusterState state, List<FlinkJob> jobs) throws IOException {
    Map<String, FlinkJob> readers = new TreeMap<>();
    for (FlinkJob job : jobs) {
      if (!job.hasEnded()) {
        reads(job).forEach(topic -> readers.put(topic, job));
      }
    }
    if (readers.isEmpty() || state.processes().stream().noneMatch(ClusterCommand::isKafka)) {
      return "";
    }
    try {
      Set<String> lacking = Topics.lacking(state.bootstrap(), readers.keySet());
      return readers.entrySet().stream()
          .filter(reads -> lacking.contains(reads.getKey()))
          .map(reads -> ABSENT.formatted(reads.getKey(), reads.getValue().name()))
          .collect(Collectors.joining());
    } catch (IllegalStateException e) {
      return DEAF;
    }
  }

  private static boolean isKafka(ClusterProcess process) {
    return process.name().equals("kafka") && process.isAlive() && !process.isStopped();
  }

  /** The topics of the cluster's own Kafka that a job is known to read. */
  private static Set<String> reads(FlinkJob job) throws IOException {
    Optional<List<String>> known = Submitted.here().settings(job.id());
    if (known.isEmpty()) { // it may read another Kafka
      return Set.of();
    }
    boolean here = Submitted.value(known.get(), "kafka.bootstrap", "").isEmpty();
    String prefix = Submitted.value(known.get(), "kafka.prefix", PREFIX);
    String kind = job.name().substring(job.name().lastIndexOf('-') + 1);
    return here ? new Topics(prefix).readBy(kind) : Set.of();
  }

  /** Empty where Flink does not answer, as it does not while its job manager is stopped. */
  private Optional<List<FlinkJob>> jobs(ClusterState state) {
    if (state.processes().stream().anyMatch(p -> p.name().equals("jobmanager") && p.isStopped())) {
      return Optional.empty();
    }
    FlinkRest flink =
        new FlinkRest(URI.create(state.restUrl()), new Configuration(), output.err()::println);
    return flink.answers() ? Optional.of(flink.jobs()) : Optional.empty();
  }

  /** The kinds of jobs of which none runs, or is about to. */
  private static List<SubmitCommand.Job> lacking(List<FlinkJob> jobs) {
    return Stream.of(SubmitCommand.Job.serve, SubmitCommand.Job.learn)
        .filter(
            kind ->
                jobs.stream().allMatch(job -> job.hasEnded() || !job.name().endsWith("-" + kind)))
        .toList();
  }

  /** By kind of a job that the cluster has none of, the state that one left. */
  private static Map<String, Path> states(List<SubmitCommand.Job> lacking) throws IOException {
    Map<String, Path> states = new LinkedHashMap<>();
    for (SubmitCommand.Job kind : lacking) {
      SubmitCommand.left(kind).ifPresent(state -> states.put(kind.name(), state));
    }
    return states;
  }

  /** The same, what goes on from there. */
  private static Map<String, String> left(Map<String, Path> states) throws IOException {
    Map<String, String> left = new LinkedHashMap<>();
    for (var state : states.entrySet()) {
      SubmitCommand.Job kind = SubmitCommand.Job.valueOf(state.getKey());
      left.put(
          state.getKey(), Submitted.here().again(kind, state.getValue().toString(), List.of()));
    }
    return left;
  }

  private static String goesOn(String kind, String command, @Nullable String refused) {
    return refused == null
        ? GOES_ON.formatted(kind, command)
        : REFUSED.formatted(kind, refused, command);
  }

  /** The same, why the last such job refused it: it would do so again. */
  private static Map<String, String> refused(
      ClusterState cluster, Map<String, Path> states, List<FlinkJob> jobs) {
    Map<String, String> refused = new LinkedHashMap<>();
    FlinkRest flink = new FlinkRest(URI.create(cluster.restUrl()));
    states.forEach(
        (kind, state) ->
            flink.refused(jobs, kind, state).ifPresent(why -> refused.put(kind, why.reason())));
    return refused;
  }

  /** All that have not ended, and the newest that have. */
  private static List<FlinkJob> shown(List<FlinkJob> jobs) {
    List<FlinkJob> ended = jobs.stream().filter(FlinkJob::hasEnded).limit(ENDED_SHOWN).toList();
    return jobs.stream().filter(job -> !job.hasEnded() || ended.contains(job)).toList();
  }

  /** By id of a job that did not end well the last failure, if there was one. */
  private static Map<String, FlinkFailure> failures(ClusterState state, List<FlinkJob> jobs) {
    Map<String, FlinkFailure> failures = new LinkedHashMap<>();
    FlinkRest flink = new FlinkRest(URI.create(state.restUrl()));
    for (FlinkJob job : jobs) {
      if (!ENDED_WELL.contains(job.state())) {
        flink.lastFailure(job.id()).ifPresent(last -> failures.put(job.id(), last));
      }
    }
    return failures;
  }

  private static String line(FlinkJob job, Map<String, FlinkFailure> failures) {
    FlinkFailure last = failures.get(job.id());
    return "\n  job " + job + (last == null ? "" : "\n    " + last);
  }

  private static Map<String, Object> json(ClusterProcess process) {
    return Map.of(
        "name", process.name(),
        "pid", process.pid(),
        "alive", process.isAlive(),
        "stopped", process.isStopped(),
        "address", process.address(),
        "log", log(process.name()).toString());
  }

  private static String line(ClusterProcess process) {
    return "  %-14s %-7d %-7s %-32s %s"
        .formatted(
            process.name(),
            process.pid(),
            process.isStopped() ? "stopped" : process.isAlive() ? "runs" : "ended",
            process.address(),
            log(process.name()));
  }

  private static Path log(String process) {
    return Home.here().cluster().log(process);
  }
}
