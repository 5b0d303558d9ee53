package dev.millrace.job;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.KafkaTopics;
import dev.millrace.job.operator.Courtesy;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.compress.CompressSource;
import dev.millrace.job.operator.compress.Teaching;
import dev.millrace.schema.Verdict;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** What the stream has taught to a smaller base, and its verdict; then it ends. */
public final class CompressJob {

  private static final Duration BUFFER_TIMEOUT = Duration.ofMillis(50);

  private CompressJob() {}

  public static void build(
      StreamExecutionEnvironment env, MillraceConfig config, Opener<Teaching> teachings) {
    JobSettings.apply(config, env, BUFFER_TIMEOUT, JobSettings.HEAP);
    env.setParallelism(1);
    Courtesy courtesy = new Courtesy(config.job().yieldMillis(), config.job().trainNice());
    var verdicts =
        env.fromSource(
                new CompressSource(teachings, courtesy),
                WatermarkStrategy.noWatermarks(),
                "compress",
                TypeInformation.of(Verdict.class))
            .uid("compress")
            .slotSharingGroup(config.job().trainerSlots()); // students are trained on the CPU
    new Sinks(new KafkaTopics(config.kafka(), config.job().name() + "-compress"))
        .verdicts(verdicts);
  }
}
