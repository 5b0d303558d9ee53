package dev.millrace.schema.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StrictDecodingTest {

  private static final byte[] NO_BYTES = {};

  @Test
  void decode_null_isNotAvro() {
    assertEquals("not-avro", refused(null).reason());
    assertEquals(
        "there is no value, expected Avro's single-object marker \"c301\"", refused(null).detail());
  }

  @Test
  void decode_randomBytes_isNotAvro() {
    byte[] noise = new byte[200];
    new Random(7).nextBytes(noise);
    assertEquals("not-avro", refused(noise).reason());
  }

  @Test
  void decode_anyPrefixOfARecord_isRefused() {
    byte[] whole = encoded(text("hello"));
    for (int length = 0; length < whole.length; length++) {
      String expected = length < 2 ? "not-avro" : "truncated";
      assertEquals(expected, refused(Arrays.copyOf(whole, length)).reason(), "length " + length);
    }
  }

  @Test
  void decode_anotherTopicsRecord_isAnUnknownSchema() {
    Verdict verdict = new Verdict(null, "java", 0, null, null, true, List.of(), 0, 0, 0, List.of());
    InvalidRecordException refused = refused(Codecs.verdicts().encode(verdict));
    assertEquals("unknown-schema", refused.reason());
    assertTrue(refused.detail().contains("expected one of Sample"), refused.detail());
  }

  @Test
  void decode_bytesAfterTheRecord_areTrailing() {
    byte[] whole = encoded(text("hello"));
    assertEquals("trailing-bytes", refused(Arrays.copyOf(whole, whole.length + 1)).reason());
  }

  @Test
  void decode_malformedUtf8_isRefusedNotReplaced() {
    for (byte[] bad :
        List.of(
            new byte[] {(byte) 0xC3, 0x28},
            new byte[] {(byte) 0xC0, (byte) 0x80},
            new byte[] {(byte) 0xFF, 'a'},
            new byte[] {'a', (byte) 0xE2})) {
      byte[] value = replaced(encoded(text("ab")), "ab".getBytes(StandardCharsets.UTF_8), bad);
      assertEquals("invalid-utf8", refused(value).reason(), Arrays.toString(bad));
    }
    byte[] surrogate = {(byte) 0xED, (byte) 0xA0, (byte) 0x80};
    byte[] value =
        replaced(encoded(text("abc")), "abc".getBytes(StandardCharsets.UTF_8), surrogate);
    assertEquals("invalid-utf8", refused(value).reason());
  }

  @Test
  void decode_twoGigabytesDeclaredInFiftyBytes_isTruncated() {
    InvalidRecordException refused = refused(withIdLength(Integer.MAX_VALUE));
    assertEquals("truncated", refused.reason());
    assertTrue(refused.detail().contains("id needs 2147483647 bytes"), refused.detail());
  }

  /** A byte each on the wire, and an object each in memory; a job would keep them in its state. */
  @Test
  void decode_moreItemsThanARecordMayHave_isTooLong() throws Exception {
    assertEquals(
        Limits.ITEMS, Codecs.requests().decode(stops(Limits.ITEMS), Records.HERE).stop().size());
    InvalidRecordException refused =
        assertThrows(
            InvalidRecordException.class,
            () -> Codecs.requests().decode(stops(Limits.ITEMS + 1), Records.HERE));
    assertEquals("too-long", refused.reason());
    assertEquals(
        "the record has 131073 items with those of stop, expected at most 131072",
        refused.detail());
  }

  private static byte[] stops(int n) {
    return Codecs.requests()
        .encode(
            Request.builder("q", Request.Task.GENERATE, "who")
                .stop(Collections.nCopies(n, ""))
                .build());
  }

  @Test
  void decode_negativeLength_isMalformed() {
    assertEquals("malformed", refused(withIdLength(-1)).reason());
    assertEquals("malformed", refused(withIdLength(Long.MIN_VALUE)).reason());
  }

  @Test
  void decode_emptyText_isRefusedWithIdAndDomain() {
    InvalidRecordException refused = refused(encoded(text(" \n")));
    assertEquals("empty-text", refused.reason());
    assertEquals("s1", refused.id());
    assertEquals("java", refused.domain());
    assertEquals(Records.HERE, refused.rejection(Records.HERE).origin());
  }

  @Test
  void decode_textAtTheLimit_isReadAndOneByteMoreIsTooLong() throws Exception {
    Sample most = text("x".repeat(Limits.TEXT_BYTES));
    assertEquals(most.text(), Codecs.samples().decode(encoded(most), Records.HERE).text());
    assertEquals("too-long", refused(encoded(text(most.text() + "x"))).reason());
    // Counted in bytes: two for each of these.
    String wide = "é".repeat(Limits.TEXT_BYTES / 2 + 1);
    assertEquals("too-long", refused(encoded(text(wide))).reason());
  }

  @Test
  void decode_fiveMegabytesOfText_isTooLongInAShortMessage() {
    InvalidRecordException refused = refused(encoded(text("x".repeat(5 << 20))));
    assertEquals("too-long", refused.reason());
    assertTrue(refused.detail().length() < 200, refused.detail());
  }

  @Test
  void rejection_namesOfMegabytes_areCut() {
    String huge = "n".repeat(9 << 20);
    Sample sample = Sample.ofText(huge, "", "", huge, "a", 0, Records.HERE);
    Rejection rejection = refused(encoded(sample)).rejection(Records.HERE);
    assertEquals("too-long", rejection.reason());
    assertEquals("n".repeat(Limits.ID_BYTES) + "…", rejection.id());
    assertEquals(rejection.id(), rejection.domain());
    assertTrue(Codecs.rejections().encode(rejection).length < 4 * Limits.ID_BYTES);
  }

  @Test
  void decode_payloadThatTheModalityForbids_isBadModality() {
    byte[] media = {1, 2};
    assertEquals("bad-modality", refused(encoded(sample(Modality.TEXT, "a", media))).reason());
    assertEquals("bad-modality", refused(encoded(sample(Modality.IMAGE, "a", media))).reason());
    assertEquals("bad-modality", refused(encoded(sample(Modality.AUDIO, "", NO_BYTES))).reason());
  }

  @Test
  void decode_namesAndMediaAtTheLimit_areReadAndOneByteMoreIsTooLong() throws Exception {
    String name = "n".repeat(Limits.ID_BYTES);
    String caption = "c".repeat(Limits.CAPTION_BYTES);
    byte[] media = new byte[Limits.MEDIA_BYTES];
    Sample most = picture(name, name, "acme", media, caption);
    assertEquals(caption, Codecs.samples().decode(encoded(most), Records.HERE).caption());
    assertTooLong("source", picture(name + "n", name, "acme", media, caption));
    assertTooLong("document", picture(name, name + "n", "acme", media, caption));
    assertTooLong("media", picture(name, name, "acme", new byte[media.length + 1], caption));
    assertTooLong("caption", picture(name, name, "acme", media, caption + "c"));
    assertEquals(
        "bad-tenant", refused(encoded(picture(name, name, "No Good", media, caption))).reason());
  }

  private static void assertTooLong(String what, Sample sample) {
    InvalidRecordException refused = refused(encoded(sample));
    assertEquals("too-long", refused.reason());
    assertTrue(refused.detail().startsWith(what + " has "), refused.detail());
  }

  private static Sample picture(
      String source, String document, String tenant, byte[] media, String caption) {
    Origin at = Records.HERE;
    return new Sample(
        "s1", source, document, tenant, "java", Modality.IMAGE, "", media, caption, 0, at);
  }

  /** Avro would take any byte for false that is not 1. */
  @Test
  void decode_truthValueThatIsNeither_isMalformed() {
    Request request = Request.builder("q", Request.Task.GENERATE, "who").build();
    byte[] value = Codecs.requests().encode(request.toBuilder().cached(true).build());
    byte[] other = Codecs.requests().encode(request.toBuilder().cached(false).build());
    value[Arrays.mismatch(value, other)] = 2;
    InvalidRecordException refused =
        assertThrows(
            InvalidRecordException.class, () -> Codecs.requests().decode(value, Records.HERE));
    assertEquals("malformed", refused.reason());
  }

  /** Writers of other languages may say of each block how many bytes it has. */
  @Test
  void decode_listInBlocksThatSayTheirBytes_isTheSame() throws Exception {
    Request request =
        Request.builder("q", Request.Task.GENERATE, "who")
            .stop(List.of("a", "b", "c"))
            .origin(Records.HERE)
            .build();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(Codecs.requests().encode(request), 0, Header.LENGTH);
    BinaryEncoder blocks = EncoderFactory.get().blockingBinaryEncoder(out, null);
    new SpecificDatumWriter<>(dev.millrace.schema.avro.Request.class)
        .write(new RequestMapping().toAvro(request), blocks);
    blocks.flush();
    assertEquals(request, Codecs.requests().decode(out.toByteArray(), Records.HERE));
  }

  @Test
  void decode_sampleWithoutDocument_isADocumentOfItsOwn() throws Exception {
    Sample sample =
        new Sample("s1", "", "", null, null, Modality.CODE, "a", NO_BYTES, null, 0, Records.HERE);
    assertEquals("s1", Codecs.samples().decode(encoded(sample), Records.HERE).document());
  }

  @Test
  void decode_noRelease_isForADomainThatGoesBackToTheBaseAlone() throws Exception {
    Set<ReleaseEvent.Action> back =
        Set.of(ReleaseEvent.Action.FORGET, ReleaseEvent.Action.ROLLBACK);
    for (ReleaseEvent.Action action : ReleaseEvent.Action.values()) {
      byte[] value = Codecs.releases().encode(event(action, ""));
      if (back.contains(action)) {
        assertEquals("", Codecs.releases().decode(value, Records.HERE).release());
      } else {
        assertThrows(
            InvalidRecordException.class, () -> Codecs.releases().decode(value, Records.HERE));
      }
    }
  }

  /** Learn jobs that read it would take the domain for that of a later trainer for ever. */
  @Test
  void decode_epochThatNoTrainerCanHaveHadYet_isRefused() throws Exception {
    long appended = 1_700_000_000_000L;
    long most = appended + Duration.ofDays(1).toMillis();
    ReleaseEvent event = event(ReleaseEvent.Action.PUBLISH, "a");
    byte[] latest = Codecs.releases().encode(event.withEpoch(most));
    assertEquals(most, Codecs.releases().decode(latest, Records.HERE, appended).epoch());
    for (long epoch : new long[] {most + 1, Long.MAX_VALUE, -1}) {
      byte[] value = Codecs.releases().encode(event.withEpoch(epoch));
      InvalidRecordException refused =
          assertThrows(
              InvalidRecordException.class,
              () -> Codecs.releases().decode(value, Records.HERE, appended));
      assertEquals("bad-time", refused.reason());
      assertEquals("java", refused.domain());
    }
  }

  /** Learn keeps it in its state, which has no room for it: it would fail after each restart. */
  @Test
  void decode_forgetOfAnIdLongerThanAnySampleHas_isRefused() throws Exception {
    ReleaseEvent event = event(ReleaseEvent.Action.FORGET, "");
    byte[] longest =
        Codecs.releases().encode(event.forgetting(List.of("s".repeat(Limits.ID_BYTES))));
    assertEquals(1, Codecs.releases().decode(longest, Records.HERE).forgotten().size());
    byte[] longer =
        Codecs.releases().encode(event.forgetting(List.of("a", "s".repeat(Limits.ID_BYTES + 1))));
    InvalidRecordException refused =
        assertThrows(
            InvalidRecordException.class, () -> Codecs.releases().decode(longer, Records.HERE));
    assertEquals("too-long", refused.reason());
  }

  /** What becomes part of paths, of names and of state. */
  @Test
  void decode_releaseEventOfWhatCannotBe_isRefusedWithItsReason() {
    assertRefused("bad-tenant", event("No Good", "java", "file:/store", null, 0));
    assertRefused("bad-domain", event(null, "../java", "file:/store", null, 0));
    assertRefused("bad-release", event(null, "java", "file:/store", "../up", 0));
    assertRefused("too-long", event(null, "java", "u".repeat(Limits.URI_BYTES + 1), null, 0));
    assertRefused("bad-batch", event(null, "java", "file:/store", null, -1));
    ReleaseEvent event = event(ReleaseEvent.Action.PUBLISH, "a");
    for (double share : new double[] {-0.1, 1.1, Double.NaN}) {
      assertRefused("bad-share", event.withholding(share));
    }
    String most = "r".repeat(Limits.REASON_BYTES);
    assertRefused("too-long", event.ordering(ReleaseEvent.Action.PIN, most + "r"));
    assertRefused("too-many", event.forgetting(Collections.nCopies(Limits.FORGOTTEN + 1, "s")));
  }

  private static void assertRefused(String reason, ReleaseEvent event) {
    byte[] value = Codecs.releases().encode(event);
    InvalidRecordException refused =
        assertThrows(
            InvalidRecordException.class, () -> Codecs.releases().decode(value, Records.HERE));
    assertEquals(reason, refused.reason(), refused.detail());
  }

  private static ReleaseEvent event(
      @Nullable String tenant, String domain, String uri, @Nullable String parent, long batch) {
    return new ReleaseEvent(
        tenant, domain, Kind.ADAPTER, Action.PUBLISH, "a", uri, parent, batch, "", Records.HERE);
  }

  private static ReleaseEvent event(ReleaseEvent.Action action, String release) {
    return new ReleaseEvent(
        null, "java", Kind.ADAPTER, action, release, "file:/store", null, 0, "", Records.HERE);
  }

  @Test
  void decode_releaseThatClimbsOutOfItsFolder_isRefused() {
    byte[] value = Codecs.releases().encode(event(ReleaseEvent.Action.PIN, "../../etc"));
    InvalidRecordException refused =
        assertThrows(
            InvalidRecordException.class, () -> Codecs.releases().decode(value, Records.HERE));
    assertEquals("bad-release", refused.reason());
  }

  private static InvalidRecordException refused(byte[] value) {
    return assertThrows(
        InvalidRecordException.class, () -> Codecs.samples().decode(value, Records.HERE));
  }

  private static byte[] encoded(Sample sample) {
    return Codecs.samples().encode(sample);
  }

  private static Sample text(String text) {
    return sample(Modality.TEXT, text, NO_BYTES);
  }

  private static Sample sample(Modality modality, String text, byte[] media) {
    return new Sample(
        "s1", "test", "doc", null, "java", modality, text, media, null, 0, Records.HERE);
  }

  /** A sample whose first field, the id, declares that many bytes; forty follow. */
  private static byte[] withIdLength(long length) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(Arrays.copyOf(encoded(text("a")), Header.LENGTH));
    long zigzag = (length << 1) ^ (length >> 63);
    while ((zigzag & ~0x7FL) != 0) {
      out.write((int) (zigzag & 0x7F) | 0x80);
      zigzag >>>= 7;
    }
    out.write((int) zigzag);
    out.writeBytes(new byte[40]);
    return out.toByteArray();
  }

  /** The bytes with the last occurrence of one run replaced by another as long. */
  private static byte[] replaced(byte[] bytes, byte[] run, byte[] by) {
    for (int at = bytes.length - run.length; at >= 0; at--) {
      if (Arrays.equals(bytes, at, at + run.length, run, 0, run.length)) {
        byte[] changed = bytes.clone();
        System.arraycopy(by, 0, changed, at, by.length);
        return changed;
      }
    }
    throw new IllegalArgumentException("no such run");
  }
}
