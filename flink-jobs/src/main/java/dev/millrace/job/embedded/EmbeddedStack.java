package dev.millrace.job.embedded;

import dev.millrace.job.warmup.SecondCompiler;
import dev.millrace.schema.wire.ErrorLine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.executiongraph.ErrorInfo;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterJobClient;
import org.apache.flink.runtime.minicluster.MiniClusterJobClient.JobFinalizationBehavior;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.IOUtils;

/**
 * A real Kafka broker, a real Redis and a Flink cluster on loopback, in and beside this process.
 *
 * <p>All three listen on free ports and write to one temporary folder. Closing ends them in reverse
 * order and deletes the folder; so does the end of this process on SIGINT or SIGTERM.
 */
public final class EmbeddedStack implements AutoCloseable {

  /** Of a disk, for Kafka and checkpoints: a full one would only show in what Kafka does not do. */
  private static final int MEBIBYTES = 256;

  /** Failures before a job runs, from which on it is not waited for: it would go on like this. */
  private static final int HOPELESS = 3;

  private static final Duration FOR_EVER = Duration.ofDays(365);

  private final TempDirectory directory = TempDirectory.create();
  private final CompletableFuture<KafkaBroker> kafka;
  private final CompletableFuture<RedisProcess> redis;
  private final CompletableFuture<FlinkCluster> flink;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Thread hook = new Thread(this::closeOnce, "millrace-shutdown");

  private EmbeddedStack(int taskManagers, int slots, Configuration flinkOptions) {
    Runtime.getRuntime().addShutdownHook(hook); // fails in a process that ends: nothing would stop
    Path flinkFolder = directory.folder("flink");
    Path kafkaFolder = directory.folder("kafka");
    Path redisFolder = directory.folder("redis");
    kafka = CompletableFuture.supplyAsync(() -> KafkaBroker.start(kafkaFolder));
    redis = CompletableFuture.supplyAsync(() -> RedisProcess.start(redisFolder));
    flink =
        CompletableFuture.supplyAsync(
            () -> FlinkCluster.start(flinkFolder, taskManagers, slots, flinkOptions));
  }

  /**
   * For who has much to do before.
   *
   * @throws IllegalStateException if there is no room for the temporary folder, or no loopback
   */
  public static void requireMachine() {
    Loopback.require();
    try (TempDirectory tried = TempDirectory.create()) {
      tried.requireFree(MEBIBYTES);
    }
  }

  /** Starts everything, with as many task managers and slots in each as given. */
  public static EmbeddedStack start(int taskManagers, int slots) {
    return start(taskManagers, slots, new Configuration());
  }

  /** Starts everything; the Flink options given come on top of ours. */
  public static EmbeddedStack start(int taskManagers, int slots, Configuration flinkOptions) {
    requireMachine();
    SecondCompiler.keepToModels();
    EmbeddedStack stack = new EmbeddedStack(taskManagers, slots, flinkOptions);
    try {
      CompletableFuture.allOf(stack.kafka, stack.redis, stack.flink).join();
    } catch (CompletionException e) {
      stack.close();
      throw new IllegalStateException(
          "the embedded stack did not start: " + ErrorLine.ofCauses(e), e);
    }
    return stack;
  }

  /** Where Kafka listens, {@code host:port}. */
  public String bootstrapServers() {
    return kafka.join().bootstrapServers();
  }

  /** Where Redis listens, {@code redis://host:port}. */
  public String redisUri() {
    return redis.join().uri();
  }

  public MiniCluster cluster() {
    return flink.join().cluster();
  }

  /** A fresh folder for this stack's lifetime, such as one for checkpoints. */
  public Path folder(String name) {
    return directory.folder(name);
  }

  /** Submits the job that was built in an environment, and returns at once. */
  public JobClient submit(StreamExecutionEnvironment environment) {
    try {
      var submitted = cluster().submitJob(environment.getStreamGraph()).get();
      return new MiniClusterJobClient(
          submitted.getJobID(),
          cluster(),
          Thread.currentThread().getContextClassLoader(),
          JobFinalizationBehavior.NOTHING);
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "the job was not accepted: " + ErrorLine.ofCauses(e), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while submitting a job", e);
    }
  }

  /** Whether every task of a job runs: no savepoint can be taken before. */
  public boolean runs(JobClient job) {
    List<AccessExecutionVertex> tasks = new ArrayList<>();
    graph(job).getAllExecutionVertices().forEach(tasks::add); // none while it is being made
    return !tasks.isEmpty()
        && tasks.stream().allMatch(task -> task.getExecutionState() == ExecutionState.RUNNING);
  }

  /**
   * Waits until every task of a job runs, for as long as it takes to open what they work with.
   *
   * @throws IllegalStateException if it fails at each start, with what it failed for last
   */
  public void awaitRunning(String name, JobClient job) {
    Set<Long> failures = new HashSet<>();
    boolean unused = Poll.until(FOR_EVER, () -> runs(job) || isHopeless(job, failures));
    if (isHopeless(job, failures)) {
      String trace = Objects.requireNonNull(graph(job).getFailureInfo()).getExceptionAsString();
      throw new IllegalStateException(
          "the %s job does not start: %s".formatted(name, FlinkErrors.causes(trace)));
    }
  }

  /**
   * Whether it is over, or has failed so often.
   *
   * @param failures when, as far as anybody looked
   */
  private boolean isHopeless(JobClient job, Set<Long> failures) {
    AccessExecutionGraph graph = graph(job);
    ErrorInfo failure = graph.getFailureInfo();
    if (failure == null) {
      return false;
    }
    failures.add(failure.getTimestamp());
    return failures.size() >= HOPELESS || graph.getState().isGloballyTerminalState();
  }

  private AccessExecutionGraph graph(JobClient job) {
    try {
      return cluster().getExecutionGraph(job.getJobID()).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "the job is not known: " + ErrorLine.ofCauses(e), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while asking for a job", e);
    }
  }

  /** The end of this process closes it no more: the caller does, after what stands on it. */
  public void closedByCaller() {
    Runtime.getRuntime().removeShutdownHook(hook);
  }

  /** Ends Redis alone, as an outage would. */
  public void stopRedis() {
    redis.join().close();
  }

  @Override
  public void close() {
    closeOnce();
    EndHook.remove(hook);
  }

  private void closeOnce() {
    if (closed.compareAndSet(false, true)) {
      try {
        IOUtils.closeAll(closer(flink), closer(redis), closer(kafka), directory);
      } catch (Exception e) {
        throw new IllegalStateException("the embedded stack did not stop cleanly", e);
      }
    }
  }

  private static AutoCloseable closer(CompletableFuture<? extends AutoCloseable> started) {
    return () -> {
      AutoCloseable part = started.exceptionally(failure -> null).join();
      if (part != null) {
        part.close();
      }
    };
  }
}
