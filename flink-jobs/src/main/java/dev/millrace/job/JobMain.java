package dev.millrace.job;

import dev.millrace.job.config.MillraceConfig;
import java.util.Arrays;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** What a Flink cluster runs: {@code learn|serve|compress key=value…}. */
public final class JobMain {

  private JobMain() {}

  public static void main(String[] arguments) throws Exception {
    MillraceConfig config =
        MillraceConfig.read(
            Arrays.asList(arguments).subList(Math.min(1, arguments.length), arguments.length));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    String job = arguments.length == 0 ? "" : arguments[0];
    switch (job) {
      case "learn" -> {
        LearnJob.build(env, config);
        JobSettings.restartsBehindServe(env);
      }
      case "serve" -> ServeJob.build(env, config, Openers.serving(config));
      case "compress" -> {
        CompressJob.build(env, config, Openers.teachings(config));
        JobSettings.restartsBehindServe(env);
      }
      default ->
          throw new IllegalArgumentException(
              "job is \"" + job + "\", expected learn, serve or compress");
    }
    env.execute(config.job().name() + "-" + job);
  }
}
