package dev.millrace.schema.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class CodecsTest {

  private static final int TRIES = 300;
  private static final byte[] NO_BYTES = {};
  private static final float[] NO_FLOATS = {};

  @Provide
  Arbitrary<Sample> samples() {
    return Records.samples();
  }

  @Provide
  Arbitrary<Rejection> rejections() {
    return Records.rejections();
  }

  @Provide
  Arbitrary<Verdict> verdicts() {
    return Records.verdicts();
  }

  @Provide
  Arbitrary<ReleaseEvent> releases() {
    return Records.releases();
  }

  @Provide
  Arbitrary<Request> requests() {
    return Records.requests();
  }

  @Provide
  Arbitrary<Answer> answers() {
    return Records.answers();
  }

  @Provide
  Arbitrary<Chunk> chunks() {
    return Records.chunks();
  }

  @Property(tries = TRIES)
  void samples_encodedAndDecoded_areTheSame(@ForAll("samples") Sample sample) throws Exception {
    Sample read = roundTrip(Codecs.samples(), sample);
    assertArrayEquals(sample.media(), read.media());
    assertEquals(withoutMedia(sample), withoutMedia(read));
  }

  @Property(tries = TRIES)
  void rejections_encodedAndDecoded_areTheSame(@ForAll("rejections") Rejection rejection)
      throws Exception {
    assertEquals(rejection, roundTrip(Codecs.rejections(), rejection));
  }

  @Property(tries = TRIES)
  void verdicts_encodedAndDecoded_areTheSame(@ForAll("verdicts") Verdict verdict) throws Exception {
    assertEquals(verdict, roundTrip(Codecs.verdicts(), verdict));
  }

  @Property(tries = TRIES)
  void releases_encodedAndDecoded_areTheSame(@ForAll("releases") ReleaseEvent event)
      throws Exception {
    assertEquals(event, roundTrip(Codecs.releases(), event));
  }

  @Property(tries = TRIES)
  void requests_whateverTheyAsk_areTheSame(@ForAll("requests") Request request) throws Exception {
    assertEquals(request, roundTrip(Codecs.requests(), request));
  }

  @Property(tries = TRIES)
  void answers_encodedAndDecoded_areTheSame(@ForAll("answers") Answer answer) throws Exception {
    Answer read = roundTrip(Codecs.answers(), answer);
    assertArrayEquals(answer.embedding(), read.embedding());
    assertEquals(withoutEmbedding(answer), withoutEmbedding(read));
  }

  @Property(tries = TRIES)
  void chunks_encodedAndDecoded_areTheSame(@ForAll("chunks") Chunk chunk) throws Exception {
    assertEquals(chunk, roundTrip(Codecs.chunks(), chunk));
  }

  private static <T> T roundTrip(Codec<T> codec, T value) throws InvalidRecordException {
    return codec.decode(codec.encode(value), Records.HERE);
  }

  private static Sample withoutMedia(Sample s) {
    return new Sample(
        s.id(),
        s.source(),
        s.document(),
        s.tenant(),
        s.domain(),
        s.modality(),
        s.text(),
        NO_BYTES,
        s.caption(),
        s.eventTimeMillis(),
        s.origin());
  }

  private static Answer withoutEmbedding(Answer a) {
    return new Answer(
        a.request(),
        a.requestOrigin(),
        a.tenant(),
        a.domain(),
        a.task(),
        a.error(),
        a.text(),
        a.logProb(),
        a.tokens(),
        a.bytes(),
        NO_FLOATS,
        a.release(),
        a.base(),
        a.learnedTo(),
        a.from(),
        a.subtask(),
        a.releaseReadMillis(),
        a.answeredMillis(),
        a.similarity(),
        a.stopped(),
        a.promptTokens(),
        a.logProbs());
  }
}
