package dev.millrace.job;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.KafkaTopics;
import dev.millrace.job.io.KafkaTopics.Start;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.operator.Decode;
import dev.millrace.job.operator.KeyedAnswer;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.Outputs;
import dev.millrace.job.operator.serve.Beginning;
import dev.millrace.job.operator.serve.ServeOperatorFactory;
import dev.millrace.job.operator.serve.Serving;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Requests to answers, by the releases that arrive beside them. */
public final class ServeJob {
  /** A request waits for no other, and no thread looks every few milliseconds whether one does. */
  public static final Duration BUFFER_TIMEOUT = Duration.ZERO;

  private ServeJob() {}

  public static void build(
      StreamExecutionEnvironment env, MillraceConfig config, Opener<Serving> servings) {
    JobSettings.apply(config, env, BUFFER_TIMEOUT, JobSettings.HEAP);
    KafkaTopics topics = new KafkaTopics(config.kafka(), config.job().name() + "-serve");
    var requests = requests(env, topics);
    var releases = releases(env, topics);
    var answers =
        requests
            .partitionCustom(KeyedRequest::subtask, request -> request.keyOrId().hashCode())
            .connect(releases.broadcast())
            .transform(
                "serve",
                TypeInformation.of(KeyedAnswer.class),
                ServeOperatorFactory.of(
                    servings, config.serve(), beginning(config.kafka(), topics.names().releases())))
            .uid("serve");
    Sinks sinks = new Sinks(topics);
    sinks.answers(answers);
    sinks.chunks(answers.getSideOutput(Outputs.CHUNKS));
    sinks.rejected(
        requests
            .getSideOutput(Outputs.REJECTED)
            .union(
                releases.getSideOutput(Outputs.REJECTED), answers.getSideOutput(Outputs.REJECTED)));
  }

  /** What the topic of releases holds. */
  private static Beginning beginning(KafkaConfig kafka, String topic) {
    return () -> {
      try (RecordReader reader = RecordReader.fromBeginning(kafka, List.of(topic))) {
        return reader.readToEnd(Codecs.releases(), event -> true).stream()
            .map(ServeJob::withoutIds)
            .toList();
      }
    };
  }

  private static SingleOutputStreamOperator<KeyedRequest> requests(
      StreamExecutionEnvironment env, KafkaTopics topics) {
    return env.fromSource(
            topics.source(topics.names().requests(), Start.COMMITTED),
            WatermarkStrategy.noWatermarks(),
            "requests")
        .uid("requests")
        .process(new Decode<>(KeyedRequest::of), TypeInformation.of(KeyedRequest.class))
        .name("decode requests")
        .uid("decode-requests");
  }

  /** The topic has one partition and all of it is read: what it holds is what is current. */
  private static SingleOutputStreamOperator<ReleaseEvent> releases(
      StreamExecutionEnvironment env, KafkaTopics topics) {
    return env.fromSource(
            topics.source(topics.names().releases(), Start.EARLIEST),
            WatermarkStrategy.noWatermarks(),
            "releases")
        .uid("releases")
        .setParallelism(1)
        .process(new Decode<>(ServeJob::release), TypeInformation.of(ReleaseEvent.class))
        .name("decode releases")
        .uid("decode-releases")
        .setParallelism(1);
  }

  static ReleaseEvent release(RawRecord raw) throws InvalidRecordException {
    return withoutIds(raw.as(Codecs.releases()));
  }

  /** Of samples that learn forgets: each subtask would keep up to 5 MB of them for each domain. */
  private static ReleaseEvent withoutIds(ReleaseEvent event) {
    return event.forgetting(List.of());
  }
}
