package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.millrace.job.config.MillraceConfig;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.SinkTransformation;
import org.junit.jupiter.api.Test;

/** What holds of both jobs, read from what is submitted. */
class JobGraphsTest {

  private static final String ONCE = "FrugalKafkaSink";
  private static final String PERHAPS_AGAIN = "KafkaSink";

  /** What had an id by its place would lose its state where a job is built otherwise. */
  @Test
  void build_idsThatNobodyGenerates_areThereForEverything() {
    Map<String, String> trainers =
        Map.of("learn.exchange.processes", "2", "learn.exchange.trainers", "2");
    for (StreamExecutionEnvironment env :
        List.of(learn(Map.of()), learn(trainers), serve(Map.of()))) {
      assertNotEquals(0, env.getStreamGraph().getJobGraph().getNumberOfVertices());
    }
  }

  /** A release that left before its checkpoint would be learned once more after a restart. */
  @Test
  void build_answersMayComeTwice_allElseLeavesWithCheckpoints() {
    Map<String, String> again = Map.of("kafka.guarantee", "at-least-once");
    assertEquals(Map.of("rejected", ONCE, "releases", ONCE, "verdicts", ONCE), sinks(learn(again)));
    assertEquals(
        Map.of("answers", PERHAPS_AGAIN, "chunks", PERHAPS_AGAIN, "rejected", ONCE),
        sinks(serve(again)));
    assertEquals(
        Map.of("answers", ONCE, "chunks", PERHAPS_AGAIN, "rejected", ONCE), sinks(serve(Map.of())));
  }

  private static Map<String, String> sinks(StreamExecutionEnvironment env) {
    Map<String, String> sinks = new TreeMap<>();
    for (Transformation<?> step : env.getTransformations()) {
      if (step instanceof SinkTransformation<?, ?> sink) {
        sinks.put(step.getName(), sink.getSink().getClass().getSimpleName());
      }
    }
    return sinks;
  }

  private static StreamExecutionEnvironment learn(Map<String, String> settings) {
    StreamExecutionEnvironment env = environment();
    LearnJob.build(env, MillraceConfig.defaults().with(settings));
    return env;
  }

  private static StreamExecutionEnvironment serve(Map<String, String> settings) {
    StreamExecutionEnvironment env = environment();
    ServeJob.build(
        env,
        MillraceConfig.defaults().with(settings),
        subtask -> {
          throw new AssertionError("nothing runs");
        });
    return env;
  }

  private static StreamExecutionEnvironment environment() {
    Configuration flink = new Configuration();
    flink.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
    return StreamExecutionEnvironment.getExecutionEnvironment(flink);
  }
}
