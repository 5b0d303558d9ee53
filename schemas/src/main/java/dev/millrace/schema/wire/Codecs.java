package dev.millrace.schema.wire;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;

/**
 * The codec of each topic.
 *
 * <p>Operators call these where they need one and hold none, for a codec is not serializable.
 */
public final class Codecs {

  private static final Codec<Sample> SAMPLES = new AvroCodec<>(new SampleMapping());
  private static final Codec<Rejection> REJECTIONS = new AvroCodec<>(new RejectionMapping());
  private static final Codec<Verdict> VERDICTS = new AvroCodec<>(new VerdictMapping());
  private static final Codec<ReleaseEvent> RELEASES = new AvroCodec<>(new ReleaseMapping());
  private static final Codec<Request> REQUESTS = new AvroCodec<>(new RequestMapping());
  private static final Codec<Answer> ANSWERS = new AvroCodec<>(new AnswerMapping());
  private static final Codec<Chunk> CHUNKS = new AvroCodec<>(new ChunkMapping());

  private Codecs() {}

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
    return RELEASES;
  }

  /** Refuses only what cannot be decoded; {@link Requests#problem} says what else is wrong. */
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
