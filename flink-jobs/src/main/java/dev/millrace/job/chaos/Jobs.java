package dev.millrace.job.chaos;

import dev.millrace.job.JobMain;
import dev.millrace.job.embedded.FlinkRest;
import dev.millrace.job.embedded.FlinkRestException;
import dev.millrace.job.embedded.Poll;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The two jobs on the cluster. */
final class Jobs {

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final long PAUSE_MILLIS = 1_000;
  static final String LEARN = "millrace-learn";

  private final FlinkRest flink;
  private final Path jar;
  private final List<String> settings;
  private String learn = "";
  private String serve = "";
  private int learners = 2;
  private int servers = 2;

  /**
   * @param settings of both jobs, {@code key=value}
   */
  Jobs(FlinkRest flink, Path jar, List<String> settings) {
    this.flink = flink;
    this.jar = jar;
    this.settings = List.copyOf(settings);
  }

  synchronized void startServe() throws InterruptedException {
    startServe(null);
  }

  private void startServe(@Nullable String savepoint) throws InterruptedException {
    serve = submit("serve", servers, savepoint);
  }

  synchronized void startLearn(@Nullable String savepoint) throws InterruptedException {
    learn = submit("learn", learners, savepoint);
  }

  /** Goes on with one subtask of each step in place of two, or with two in place of one. */
  synchronized void rescaleLearn(String savepoint) throws InterruptedException {
    learners = 3 - learners;
    startLearn(savepoint);
  }

  /** The same of the job that answers. */
  synchronized void rescaleServe(String savepoint) throws InterruptedException {
    servers = 3 - servers;
    startServe(savepoint);
  }

  /** Stops answering, and says where its savepoint is. */
  synchronized String stopServe() {
    return flink.stop(serve);
  }

  /** Stops learning, and says where its savepoint is. */
  synchronized String stopLearn() {
    return flink.stop(learn);
  }

  /** Whether so many task managers are known, and every task of both jobs runs. */
  boolean areWhole(int taskManagers) {
    try {
      return flink.taskManagers() == taskManagers && flink.runs(serve) && flink.runs(learn);
    } catch (FlinkRestException e) {
      return false;
    }
  }

  /** Whether a task of the learn job restores its state; also while that is being started. */
  boolean learnRestores() {
    try {
      return flink.unfinished(LEARN).stream().anyMatch(job -> flink.restores(job.id()));
    } catch (FlinkRestException e) {
      return false;
    }
  }

  /** Whether both jobs were submitted so long ago. */
  boolean areOlderThan(Duration age) {
    try {
      return flink.age(serve).compareTo(age) > 0 && flink.age(learn).compareTo(age) > 0;
    } catch (FlinkRestException e) {
      return false;
    }
  }

  /** Waits for something of the jobs; false if it does not come in time. */
  boolean await(BooleanSupplier condition) {
    return Poll.until(PATIENCE, condition);
  }

  /** The id of the learn job. */
  synchronized String learn() {
    return learn;
  }

  /** Ends learning without a savepoint; only its checkpoints are left. */
  synchronized void loseLearn() throws InterruptedException {
    if (!flink.state(learn).equals("RUNNING")) {
      throw new IllegalStateException("the learn job does not run");
    }
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!isOver(learn)) {
      try {
        flink.cancel(learn);
      } catch (FlinkRestException e) {
        if (System.nanoTime() - deadline > 0) {
          throw e;
        }
        Thread.sleep(PAUSE_MILLIS);
      }
    }
  }

  /** A job manager that was started again does not know jobs that were cancelled before. */
  private boolean isOver(String id) {
    try {
      return flink.state(id).equals("CANCELED");
    } catch (FlinkRestException e) {
      return flink.answers();
    }
  }

  /** Tries again while the job manager is away, under one id: a job runs once or not at all. */
  private String submit(String job, int parallelism, @Nullable String savepoint)
      throws InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(job));
    arguments.addAll(settings);
    arguments.add("job.parallelism=" + parallelism);
    String id = FlinkRest.newJobId();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return flink.submit(jar, JobMain.class.getName(), arguments, savepoint, id);
      } catch (FlinkRestException e) {
        if (isKnown(id)) {
          return id;
        }
        if (System.nanoTime() - deadline > 0) {
          throw e;
        }
        Thread.sleep(PAUSE_MILLIS);
      }
    }
  }

  private boolean isKnown(String id) {
    try {
      return !flink.state(id).isEmpty();
    } catch (FlinkRestException e) {
      return false;
    }
  }
}
