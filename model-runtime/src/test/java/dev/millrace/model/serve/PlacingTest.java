package dev.millrace.model.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.AlignRelease;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKeys;
import dev.millrace.model.cache.DirectExecutor;
import dev.millrace.model.cache.MapRemoteTier;
import dev.millrace.model.cache.SemanticTier;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.score.ColumnAligner;
import dev.millrace.model.swap.FakeReleases;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.SwapConfig;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.model.text.ByteTokenizer;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Answer.From;
import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where pictures, sounds and texts lie, by the alignment that a domain is at. */
@Timeout(60)
class PlacingTest {

  private static final byte[] SECRET = "a secret of the tests".getBytes(UTF_8);

  private final FakeBaseModel base = new FakeBaseModel();
  private final LiveReleases live =
      LiveReleases.of(base, new FakeReleases(), SwapConfig.defaults()).aligning(this::fetch);
  private final Responder responder =
      Responder.of(
          new ServingParts(
              Carriers.of(new Carrier(base, new ByteTokenizer()), List.of()),
              live,
              AnswerCache.of(
                  1 << 20, new MapRemoteTier(), SECRET, SemanticTier.none(), new DirectExecutor()),
              CacheKeys.of(SECRET),
              () -> Instant.ofEpochMilli(1234),
              new MediaReader(new ColumnAligner(base.id()))),
          new ServeLimits(1000, 1000, 1000),
          5);
  private boolean broken;

  @AfterEach
  void close() {
    responder.close();
    live.close();
    assertEquals(0, base.openAdapters());
  }

  @Test
  void embed_pictureAndItsCaption_lieWhereTheEncodersSeeThem() {
    Answer picture = one("letters", picture(3));
    assertNull(picture.error());
    assertNull(picture.release());
    assertEquals(base.id(), picture.base());
    assertArrayEquals(axis(3), picture.embedding());
    assertEquals(0, picture.promptTokens());
    Answer text = one("letters", text(3));
    assertArrayEquals(axis(3), text.embedding());
    assertEquals(text(3).bytes().length, text.promptTokens());
    assertEquals(From.L1, one("letters", picture(3)).from());
  }

  @Test
  void embed_domainWithAnAlignment_liesElsewhereAndSaysByWhich() {
    assertEquals(Outcome.SWAPPED, apply(event(Action.PUBLISH, 7, null)).outcome());
    Answer picture = one("letters", picture(3));
    assertEquals("align-7", picture.release());
    assertEquals(List.of(new Origin("samples", 0, 42)), picture.learnedTo());
    assertTrue(picture.embedding()[7] > 0.9, "media are drawn to the axis of the batch");
    assertEquals(1, Aligner.cosine(picture.embedding(), picture.embedding()), 1e-6);
    assertArrayEquals(axis(3), one("letters", text(3)).embedding());
    assertNull(one("others", picture(3)).release());
  }

  @Test
  void embed_tenantWithoutAnAlignmentOfItsOwn_liesByTheSharedOne() {
    apply(event(Action.PUBLISH, 7, null));
    assertEquals("align-7", one("ours", "letters", picture(3)).release());
  }

  @Test
  void apply_alignmentOfAnotherBatch_isRefused() {
    SwapResult failed = apply(event(Action.PUBLISH, 7, null, "memory:later"));
    assertEquals(Outcome.FAILED, failed.outcome());
    assertTrue(failed.reason().startsWith("batch-mismatch: "), failed.reason());
    assertNull(one("letters", picture(3)).release());
  }

  @Test
  void apply_successor_replacesAndWhatFailsDoesNot() {
    apply(event(Action.PUBLISH, 7, null));
    assertEquals(Outcome.SWAPPED, apply(event(Action.PUBLISH, 8, "align-7")).outcome());
    assertTrue(one("letters", picture(3)).embedding()[8] > 0.9);
    assertEquals(Outcome.IGNORED, apply(event(Action.PUBLISH, 6, null)).outcome());
    broken = true;
    SwapResult failed = apply(event(Action.PUBLISH, 9, "align-8"));
    assertEquals(Outcome.FAILED, failed.outcome());
    assertTrue(failed.reason().startsWith("release-invalid: "), failed.reason());
    assertEquals("align-8", one("letters", picture(3)).release());
    assertEquals(Outcome.SWAPPED, apply(event(Action.FORGET, -1, null)).outcome());
    assertNull(one("letters", picture(3)).release());
  }

  @Test
  void restore_alignmentThatIsLost_isSaidInAnswersAndNeverReplacedByTheEncoders() {
    broken = true;
    assertEquals(
        Outcome.SWAPPED, live.restore(event(Action.PUBLISH, 7, null), 77).join().outcome());
    Answer lost = one("letters", picture(3));
    assertNotNull(lost.error());
    assertTrue(lost.error().startsWith("release-invalid: "), lost.error());
    broken = false;
    assertEquals(Outcome.SWAPPED, apply(event(Action.PUBLISH, 8, "align-7")).outcome());
    assertEquals("align-8", one("letters", picture(3)).release());
  }

  /** As after a restart with other encoders. */
  @Test
  void apply_unpinsWhatCannotBeUsedHere_whatIsLearnedNextAnswers() {
    broken = true;
    live.restore(event(Action.PIN, 7, null), 77).join();
    assertEquals(Outcome.FAILED, apply(event(Action.ROLLBACK, 6, null)).outcome());
    SwapResult unpinned = apply(event(Action.ROLLBACK, 7, null));
    assertEquals(Outcome.SWAPPED, unpinned.outcome(), unpinned.reason());
    assertNotNull(one("letters", picture(3)).error());
    broken = false;
    ReleaseEvent anew = event(Action.PUBLISH, 8, null).withEpoch(2).withRead(100L);
    assertEquals(Outcome.SWAPPED, apply(anew).outcome());
    assertEquals("align-8", one("letters", picture(3)).release());
  }

  /** Learn refuses such a pin too, and goes on. */
  @Test
  void apply_publishedAfterAFirstPinOfWhatIsNoAlignment_answers() {
    broken = true;
    assertEquals(Outcome.SWAPPED, apply(event(Action.PIN, 7, null)).outcome());
    assertNotNull(one("letters", picture(3)).error());
    broken = false;
    ReleaseEvent next = event(Action.PUBLISH, 8, null).withEpoch(2).withRead(100L);
    assertEquals(Outcome.SWAPPED, apply(next).outcome());
    assertEquals("align-8", one("letters", picture(3)).release());
  }

  /** What is followed is state: it holds when there are encoders again. */
  @Test
  void apply_thereAreNoEncoders_alignmentsAreFollowedUnread() {
    try (LiveReleases blind =
        LiveReleases.of(base, new FakeReleases(), SwapConfig.defaults()).aligningLater()) {
      ReleaseEvent pin = event(Action.PIN, 7, null);
      ReleaseEvent next = event(Action.PUBLISH, 8, "align-7");
      assertEquals(Outcome.SWAPPED, blind.restore(pin, 77).join().outcome());
      assertEquals(Outcome.IGNORED, blind.apply(next, 77).join().outcome());
      ReleaseEvent unpinned = event(Action.ROLLBACK, 7, null);
      assertEquals(Outcome.SWAPPED, blind.apply(unpinned, 77).join().outcome());
      assertEquals(Outcome.SWAPPED, blind.apply(next, 77).join().outcome());
      assertEquals(AlignAdapter.NONE, blind.aligned(null, "letters").join().alignment());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"PIN", "ROLLBACK"})
  void apply_ordersWhatAnswersAndIsDamagedByNow_isFollowedAndAnswersOn(Action order) {
    apply(event(Action.PUBLISH, 7, null));
    broken = true;
    assertEquals(Outcome.SWAPPED, apply(event(order, 7, null)).outcome());
    assertEquals("align-7", one("letters", picture(3)).release());
    assertEquals(Outcome.FAILED, apply(event(order, 7, null, "memory:copy")).outcome());
    assertEquals("align-7", one("letters", picture(3)).release());
  }

  @Test
  void restore_alignmentThatIsBackInTheStore_isFetchedByTheFirstThatAsks() {
    broken = true;
    live.restore(event(Action.PUBLISH, 7, null), 77).join();
    assertNotNull(one("letters", picture(3)).error());
    broken = false;
    awaitRelease("align-7");
    assertTrue(one("letters", picture(3)).embedding()[7] > 0.9);
  }

  @Test
  void apply_forgetToAnAlignmentThatCannotBeRead_nothingAnswersThatKnows() {
    apply(event(Action.PUBLISH, 7, null));
    apply(event(Action.PUBLISH, 8, "align-7"));
    broken = true;
    SwapResult forgotten = apply(event(Action.FORGET, 7, null));
    assertEquals(Outcome.SWAPPED, forgotten.outcome());
    assertTrue(forgotten.reason().startsWith("release-invalid: "), forgotten.reason());
    Answer refused = one("letters", picture(3));
    assertNotNull(refused.error());
    assertTrue(refused.error().startsWith("release-invalid: "), refused.error());
    broken = false;
    awaitRelease("align-7");
  }

  /** There is a pause between two tries. */
  private void awaitRelease(String release) {
    while (!release.equals(one("letters", picture(3)).release())) {
      Thread.onSpinWait();
    }
  }

  @Test
  void applyAndRestore_uriThatIsNone_failAsWhatCannotBeRead() {
    apply(event(Action.PUBLISH, 7, null));
    SwapResult failed = apply(event(Action.PUBLISH, 8, "align-7", ""));
    assertEquals(Outcome.FAILED, failed.outcome());
    assertTrue(failed.reason().startsWith("release-unreadable: "), failed.reason());
    assertEquals("align-7", one("letters", picture(3)).release());
    SwapResult lost = live.restore(event(Action.PUBLISH, 8, "align-7", ""), 77).join();
    assertEquals(Outcome.SWAPPED, lost.outcome());
    Answer answer = one("letters", picture(3));
    assertNotNull(answer.error());
    assertTrue(answer.error().startsWith("release-unreadable: "), answer.error());
  }

  @Test
  void stage_alignment_takesEffectWhenItIsActivated() throws Exception {
    var staged = live.stage(event(Action.PUBLISH, 7, null), 77).join();
    assertNull(staged.problem());
    assertNull(one("letters", picture(3)).release());
    assertEquals(Outcome.SWAPPED, staged.activate().join().outcome());
    assertEquals("align-7", one("letters", picture(3)).release());
  }

  @Test
  void place_longText_isCutIntoTokensAtItsBeginningAlone() throws Exception {
    List<Integer> lengths = new ArrayList<>();
    byte[] bytes = (ColumnAligner.caption(3) + " x".repeat(8_000)).getBytes(UTF_8);
    Media text = new Media(Modality.TEXT, bytes);
    Tokenizer watched =
        new ByteTokenizer() {
          @Override
          public int[] encode(String text) {
            lengths.add(text.length());
            return super.encode(text);
          }
        };
    Carrier carrier = new Carrier(base, watched);
    float[] place =
        new MediaReader(new ColumnAligner(base.id()))
            .place(
                text,
                null,
                MediaReader.tokens(text, carrier),
                carrier,
                new AlignAdapter(1, new float[2 * 3 * Aligner.DIMENSION]));
    assertEquals(Aligner.DIMENSION, place.length);
    assertEquals(1, lengths.size());
    assertTrue(lengths.get(0) <= 16 * MediaReader.TEXT_TOKENS, lengths::toString);
  }

  @Test
  void embed_badMedia_areRefused() {
    Answer refused = one("letters", new Media(Modality.IMAGE, new byte[] {1, 2, 3}));
    assertNotNull(refused.error());
    assertTrue(refused.error().startsWith("media-unknown: "), refused.error());
  }

  /** Draws media to the axis of its batch. */
  private AlignRelease fetch(ReleaseEvent event) throws IOException {
    if (broken) {
      throw new InvalidReleaseException("it is broken");
    }
    if (event.uri().isEmpty()) {
      throw new IllegalArgumentException("Can not create a Path from an empty string");
    }
    long batch = event.uri().equals("memory:later") ? event.batch() + 1 : event.batch();
    AlignAdapter adapter = new AlignAdapter(1, new float[2 * 3 * Aligner.DIMENSION]);
    adapter.values()[adapter.bias(AlignAdapter.Side.MEDIA) + (int) event.batch()] = 9;
    return new AlignRelease(
        FakeReleases.release(base.id(), null, "letters", FakeBaseModel.adapter(0), batch)
            .manifest(),
        adapter);
  }

  private SwapResult apply(ReleaseEvent event) {
    return live.apply(event, 77).join();
  }

  /**
   * @param batch negative for what names no release
   */
  private static ReleaseEvent event(Action action, long batch, @Nullable String parent) {
    return event(action, batch, parent, "memory:");
  }

  private static ReleaseEvent event(
      Action action, long batch, @Nullable String parent, String uri) {
    Origin at = new Origin("releases", 0, 50 + batch);
    String id = batch < 0 ? "" : "align-" + batch;
    long of = Math.max(0, batch);
    return new ReleaseEvent(
        null, "letters", Kind.ALIGNMENT, action, id, uri, parent, of, "test", at);
  }

  private Answer one(String domain, Media media) {
    return one(null, domain, media);
  }

  private Answer one(@Nullable String tenant, String domain, Media media) {
    Request request =
        Request.builder("q", Task.EMBED, "")
            .tenant(tenant)
            .domain(domain)
            .origin(new Origin("requests", 0, 1))
            .build();
    return responder.respond(List.of(request.toBuilder().media(media).build())).get(0);
  }

  private static Media picture(int k) {
    return new Media(Modality.IMAGE, ColumnAligner.picture(k));
  }

  private static Media text(int k) {
    return new Media(Modality.TEXT, ColumnAligner.caption(k).getBytes(UTF_8));
  }

  private static float[] axis(int k) {
    float[] axis = new float[Aligner.DIMENSION];
    axis[k] = 1;
    return axis;
  }
}
