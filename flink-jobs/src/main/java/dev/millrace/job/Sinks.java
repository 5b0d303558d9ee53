package dev.millrace.job;

import dev.millrace.job.io.KafkaTopics;
import dev.millrace.job.operator.KeyedAnswer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import org.apache.flink.streaming.api.datastream.DataStream;

/**
 * Where a job's records go. All but answers are exactly-once whatever the configuration says, and
 * chunks of answers wait for no checkpoint.
 */
record Sinks(KafkaTopics topics) {

  void rejected(DataStream<Rejection> rejections) {
    var sink =
        topics.<Rejection>exactlyOnceSink(
            topics.names().rejected(), Keys::of, r -> Codecs.rejections().encode(r));
    rejections.sinkTo(sink).name("rejected").uid("rejected");
  }

  void verdicts(DataStream<Verdict> verdicts) {
    var sink =
        topics.<Verdict>exactlyOnceSink(
            topics.names().verdicts(), Keys::of, v -> Codecs.verdicts().encode(v));
    verdicts.sinkTo(sink).name("verdicts").uid("verdicts");
  }

  void releases(DataStream<ReleaseEvent> releases) {
    var sink =
        topics.<ReleaseEvent>exactlyOnceSink(
            topics.names().releases(), Keys::of, e -> Codecs.releases().encode(e));
    releases.sinkTo(sink).name("releases").uid("releases");
  }

  void answers(DataStream<KeyedAnswer> answers) {
    var sink =
        topics.<KeyedAnswer>sink(
            topics.names().answers(), Keys::of, a -> Codecs.answers().encode(a.answer()));
    answers.sinkTo(sink).name("answers").uid("answers");
  }

  void chunks(DataStream<Chunk> chunks) {
    var sink =
        topics.<Chunk>atLeastOnceSink(
            topics.names().chunks(), Keys::of, c -> Codecs.chunks().encode(c));
    chunks.sinkTo(sink).name("chunks").uid("chunks");
  }
}
