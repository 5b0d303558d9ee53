package dev.millrace.job.cli.cluster;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.JobMain;
import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.RestOption;
import dev.millrace.job.config.BaseConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.ClusterState;
import dev.millrace.job.embedded.FlinkFailure;
import dev.millrace.job.embedded.FlinkJob;
import dev.millrace.job.embedded.FlinkRest;
import dev.millrace.job.embedded.LocalCluster;
import dev.millrace.job.io.KeptCheckpoints;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.schema.wire.ErrorLine;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Submits a job to a Flink cluster, and waits until it runs. */
@Command(
    name = "submit",
    description = {
      "Submits a job to a Flink cluster: learn, serve, or compress, which teaches a smaller base what",
      "taught the store's releases, judges and releases it, and ends."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace submit learn --set batch.count=32",
      "  ./millrace submit serve --savepoint .millrace/cluster/checkpoints/JOB",
      "  ./millrace submit compress --set compress.factor=2 --set compress.steps=500 --set compress.bound=1"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class SubmitCommand implements Callable<Integer> {

  /** Somebody sends a few texts, and waits: a batch that is not full is learned all the same. */
  public static final String IDLE_MILLIS = "30000";

  /** A setting that names a path, and the path. */
  private static final Pattern PATH =
      Pattern.compile(
          "^(\\s*(?:base\\.(?:dir|align|previous)|store\\.uri|redis\\.caFile|compress\\.work)\\s*=)\\s*(\\S.*)$");

  private static final Pattern SCHEME = Pattern.compile("\\w[\\w+.-]*:");

  /** The jobs. */
  enum Job {
    learn,
    serve,
    compress
  }

  @Mixin private Output output;
  @Mixin private RestOption rest;

  @Parameters(paramLabel = "learn|serve|compress", description = "Which job.")
  private Job job;

  @Option(
      names = "--savepoint",
      paramLabel = "URI",
      description =
          "Where to resume: a savepoint, a checkpoint, or a job's folder of checkpoints, of which the "
              + "newest one that is whole is taken.")
  private @Nullable String savepoint;

  @Option(names = "--set", paramLabel = "KEY=VALUE", description = "A setting of the job.")
  private List<String> settings = List.of();

  @Override
  public Integer call() throws IOException {
    LocalCluster cluster = Home.here().cluster();
    URI url = rest.url();
    List<String> arguments = new ArrayList<>(List.of(job.name()));
    rest.local().ifPresent(state -> arguments.addAll(local(cluster, state)));
    List<String> set = rest.local().isPresent() ? absolute(settings) : settings;
    arguments.addAll(set);
    MillraceConfig config = MillraceConfig.read(arguments.subList(1, arguments.size()));
    FlinkRest flink = new FlinkRest(url, rest.tls(), output.err()::println);
    requireAlone(flink.unfinished(config.job().name() + "-" + job));
    if (rest.local().isPresent()) {
      requireFolders(config.base());
    }
    String from = from(flink);
    String id = FlinkRest.newJobId();
    if (rest.local().isPresent()) {
      note(id, set); // before: one that waits long for its slots is told as a failure, and stays
    }
    String runs = flink.submit(cluster.jobJar(), JobMain.class.getName(), arguments, from, id);
    output.result(
        Map.of("job", runs, "state", flink.state(runs)), "job " + runs + " runs on " + url);
    return 0;
  }

  /** A job that does not find them fails at each start. */
  private void requireFolders(BaseConfig config) throws IOException {
    Path base = BaseOption.require("base.dir", Path.of(config.dir()));
    if (job == Job.serve && !config.previous().isEmpty()) {
      Path unused = BaseOption.require("base.previous", Path.of(config.previous()));
    }
    if (job != Job.compress && !config.align().isEmpty()) {
      BaseOption.requireEncoders(Path.of(config.align()));
    }
    if (job != Job.serve) {
      BaseTexts.requireProtected(base);
    }
  }

  /** The job runs as well where that fails. */
  private void note(String id, List<String> set) {
    try {
      Submitted.here().note(id, set);
    } catch (IOException e) {
      output.err().println("the job's settings are not remembered: " + ErrorLine.of(e));
    }
  }

  /** Two of one name would fence each other's transactions, and share a consumer group. */
  private static void requireAlone(List<FlinkJob> others) {
    if (!others.isEmpty()) {
      throw new IllegalStateException(
          "the cluster has %s, expected no job of this name that is not over: stop it first, or set another job.name"
              .formatted(others.get(0)));
    }
  }

  private @Nullable String from(FlinkRest flink) throws IOException {
    if (savepoint == null) {
      if (rest.local().isPresent()) {
        tellOfTheOneBefore(flink);
      }
      return null;
    }
    String named = rest.local().isPresent() ? absolute(savepoint) : savepoint;
    String from = KeptCheckpoints.choose(named, output.err()::println);
    output.err().println("going on from " + from);
    return from;
  }

  /** A job that begins anew has forgotten what the one before knew, which may not be meant. */
  private void tellOfTheOneBefore(FlinkRest flink) throws IOException {
    Optional<Path> last = left(job);
    if (last.isEmpty()) {
      return;
    }
    Optional<FlinkFailure> refused = flink.refused(flink.jobs(), job.name(), last.get());
    if (refused.isPresent()) {
      output.say(
          "beginning anew; the last %s job refused the state in %s: %s",
          job, last.get(), refused.get().reason());
    } else {
      output.say(
          "beginning anew; a %s job before has left its state: --savepoint %s goes on from there",
          job, last.get());
    }
  }

  /** Where the last such job of the cluster on this machine goes on. */
  static Optional<Path> left(Job job) throws IOException {
    Path home = Home.here().cluster().home();
    return KeptCheckpoints.last(
        List.of(home.resolve("checkpoints"), home.resolve("savepoints")), job.name());
  }

  /** Settings for the cluster on this machine, which runs in another folder than its user. */
  static List<String> absolute(List<String> settings) {
    return settings.stream()
        .map(
            set ->
                PATH.matcher(set)
                    .replaceFirst(
                        of -> Matcher.quoteReplacement(of.group(1) + absolute(of.group(2)))))
        .toList();
  }

  private static String absolute(String path) {
    return SCHEME.matcher(path).lookingAt()
        ? path
        : Path.of(path).toAbsolutePath().normalize().toString();
  }

  /**
   * What a job must know of the cluster on this machine, and how long its samples wait there.
   *
   * @throws IllegalStateException if it runs another build
   */
  static List<String> local(LocalCluster cluster, ClusterState state) {
    cluster.requireThisBuild();
    return List.of(
        "kafka.bootstrap=" + state.bootstrap(),
        "redis.uri=" + state.redisUri(),
        "base.dir=" + Home.here().nano(),
        "store.uri=" + ReleaseFiles.uri(cluster.home().resolve("store")),
        "checkpoint.dir=" + ReleaseFiles.uri(cluster.home().resolve("checkpoints")),
        "compress.work=" + cluster.home().resolve("compress").toAbsolutePath(),
        "batch.idleMillis=" + IDLE_MILLIS);
  }
}
