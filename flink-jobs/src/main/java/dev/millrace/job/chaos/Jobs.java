package dev.millrace.job.chaos;

import dev.millrace.job.JobMain;
import dev.millrace.job.embedded.FlinkRest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The two jobs on the cluster.. */
final class Jobs {

  private final FlinkRest flink;
  private final Path jar;
  private final List<String> settings;
  private String learn = "";

  /**
   * @param settings of both jobs, {@code key=value}
   */
  Jobs(FlinkRest flink, Path jar, List<String> settings) {
    this.flink = flink;
    this.jar = jar;
    this.settings = List.copyOf(settings);
  }

  void startServe() {
    var unused = submit("serve", null);
  }

  synchronized void startLearn(@Nullable String savepoint) {
    learn = submit("learn", savepoint);
  }

  /** Stops learning, and says where its savepoint is. */
  synchronized String stopLearn() {
    return flink.stop(learn);
  }

  private String submit(String job, @Nullable String savepoint) {
    List<String> arguments = new ArrayList<>(List.of(job));
    arguments.addAll(settings);
    return flink.submit(jar, JobMain.class.getName(), arguments, savepoint);
  }
}
