package dev.millrace.schema.wire;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;

/**
 * The codec of each topic.
 *
 * <p>Operators call these where they need one and hold none, for a codec is not serializable.
 */
public final class Codecs {

  private static final AvroCodec<Sample, ?> SAMPLES =
      new AvroCodec<>(new SampleMapping(), dev.millrace.schema.avro.Sample.class);
  private static final AvroCodec<Rejection, ?> REJECTIONS =
      new AvroCodec<>(new RejectionMapping(), dev.millrace.schema.avro.Rejection.class);
  private static final AvroCodec<Verdict, ?> VERDICTS =
      new AvroCodec<>(new VerdictMapping(), dev.millrace.schema.avro.Verdict.class);
  private static final AvroCodec<ReleaseEvent, ?> RELEASES =
      new AvroCodec<>(new ReleaseMapping(), dev.millrace.schema.avro.ReleaseEvent.class);
  private static final Codec<ReleaseEvent> DATED_RELEASES = new ReleaseCodec(RELEASES);
  private static final AvroCodec<Request, ?> REQUESTS =
      new AvroCodec<>(new RequestMapping(), dev.millrace.schema.avro.Request.class);
  private static final AvroCodec<Answer, ?> ANSWERS =
      new AvroCodec<>(new AnswerMapping(), dev.millrace.schema.avro.Answer.class);
  private static final AvroCodec<Chunk, ?> CHUNKS =
      new AvroCodec<>(new ChunkMapping(), dev.millrace.schema.avro.Chunk.class);

  private Codecs() {}

  /** The current schemas, JSON by fingerprint. */
  public static Map<Long, String> schemas() {
    return Stream.of(SAMPLES, REJECTIONS, VERDICTS, RELEASES, REQUESTS, ANSWERS, CHUNKS)
        .map(AvroCodec::schema)
        .collect(
            Collectors.toUnmodifiableMap(
                SchemaNormalization::parsingFingerprint64, Schema::toString));
  }

  /** Refuses what cannot teach: an empty or overlong text, a payload that its modality forbids. */
  public static Codec<Sample> samples() {
    return SAMPLES;
  }

  public static Codec<Rejection> rejections() {
    return REJECTIONS;
  }

  public static Codec<Verdict> verdicts() {
    return VERDICTS;
  }

  public static Codec<ReleaseEvent> releases() {
    return DATED_RELEASES;
  }

  /**
   * Refuses only what cannot be decoded, and names that are too long to repeat; {@link
   * Requests#problem} says what else is wrong.
   */
  public static Codec<Request> requests() {
    return REQUESTS;
  }

  public static Codec<Answer> answers() {
    return ANSWERS;
  }

  public static Codec<Chunk> chunks() {
    return CHUNKS;
  }
}
