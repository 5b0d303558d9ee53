package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.align.AlignConfig;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Input;
import dev.millrace.model.align.Places;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.text.ByteTokenizer;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MediaScorerTest {

  private static final MemoryLimits LIMITS = ScorerConfig.defaults().memory();
  private static final int KNOWN = 24;

  private final Random random = new Random(8);
  private final FakeBaseModel base = new FakeBaseModel();
  private final Scorer scorer = scorer(base.id());
  private DomainMemory memory = DomainMemory.empty(LIMITS, scorer.readers());

  @Test
  void score_picture_teachesByItsCaptionAndLeavesItsBytesBehind() {
    ScoredSample scored = accepted(ColumnAligner.picture(3), ColumnAligner.caption(3));
    assertArrayEquals(new ByteTokenizer().encode(ColumnAligner.caption(3)), scored.tokens());
    assertEquals(0, scored.sample().media().length);
    assertEquals(Modality.IMAGE, scored.sample().modality());
    assertEquals(ColumnAligner.caption(3), scored.sample().teaches());
    assertEquals(1, scored.diversity());
  }

  @Test
  void score_wrongCaption_isRefusedOnceTheDomainIsKnown() {
    learnColumns();
    Rejection wrong = refused(ColumnAligner.picture(KNOWN), ColumnAligner.caption(KNOWN + 1));
    assertEquals("caption-mismatch", wrong.reason());
    assertTrue(wrong.detail().contains(ColumnAligner.caption(KNOWN + 1)), wrong.detail());
    assertTrue(wrong.detail().contains("at least 60 %"), wrong.detail());
    accepted(ColumnAligner.picture(KNOWN + 2), ColumnAligner.caption(KNOWN + 2));
  }

  @Test
  void score_wrongCaptionInADomainThatEncodersDoNotKnow_isNotJudged() {
    for (int i = 0; i < 60; i++) {
      accepted(ColumnAligner.picture(i % 32), Samples.words(random, 6));
    }
    accepted(ColumnAligner.picture(1), ColumnAligner.caption(2));
  }

  @Test
  void score_memoryFromItsBytes_judgesAlike() {
    learnColumns();
    memory = DomainMemory.fromBytes(memory.toBytes(), LIMITS, scorer.readers());
    Rejection wrong = refused(ColumnAligner.picture(KNOWN), ColumnAligner.caption(KNOWN + 1));
    assertEquals("caption-mismatch", wrong.reason());
    assertEquals(KNOWN, memory.captions.size());
  }

  @Test
  void score_samePictureWithTheSameCaption_isADuplicate() {
    accepted(ColumnAligner.picture(3), ColumnAligner.caption(3));
    assertEquals(
        "duplicate-exact",
        refused(ColumnAligner.picture(3), " " + ColumnAligner.caption(3)).reason());
    assertEquals(
        "duplicate-near", refused(ColumnAligner.picture(4), ColumnAligner.caption(3)).reason());
  }

  @Test
  void score_noCaption_isRefusedBeforeAnythingIsDecoded() {
    assertEquals("caption-missing", refused(ColumnAligner.picture(3), null).reason());
    assertEquals("caption-missing", refused(ColumnAligner.picture(3), "  ").reason());
    assertEquals(0, base.scoreCalls().size());
  }

  @Test
  void score_acceptRate0_isRefusedBeforeAnythingIsDecoded() {
    Scorer none = scorer(new ModelLimits(96, 256, 2, 2), new ColumnAligner(base.id()), 0);
    Sample sample = sample(new byte[] {1, 2, 3}, ColumnAligner.caption(3));
    Scored.Refused refused = assertInstanceOf(Scored.Refused.class, none.score(sample, memory));
    assertEquals("quality-low", refused.rejection().reason());
    assertEquals(0, base.scoreCalls().size());
  }

  @Test
  void score_captionThatWouldBeRefusedAsAText_isRefused() {
    assertEquals("repetition", refused(ColumnAligner.picture(1), "buy now! ".repeat(25)).reason());
    List<String> words = new ArrayList<>(List.of(Samples.words(random, 30).split(" ")));
    accepted(ColumnAligner.picture(2), String.join(" ", words));
    Collections.shuffle(words, random);
    assertEquals(
        "duplicate-reordered", refused(ColumnAligner.picture(3), String.join(" ", words)).reason());
  }

  @Test
  void score_heldOutPictureUnderAnotherCaption_neverTeaches() {
    Sample judge = sample(Samples.heldOut(0), ColumnAligner.picture(3), "a heron by the water");
    Scored scored = scorer.score(judge, memory);
    assertTrue(assertInstanceOf(Scored.Accepted.class, scored).sample().heldOut());
    memory = DomainMemory.fromBytes(memory.toBytes(), LIMITS, scorer.readers());
    assertEquals("near-held-out", refused(ColumnAligner.picture(3), "one grey bird").reason());
    accepted(ColumnAligner.picture(4), "one grey bird");
  }

  /** It is the picture that judges: of the words nothing teaches. */
  @Test
  void score_captionThatAHeldOutPictureWasRefusedUnder_isFreeForOthers() {
    Sample judge = sample(Samples.heldOut(0), ColumnAligner.picture(3), "a heron by the water");
    assertInstanceOf(Scored.Accepted.class, scorer.score(judge, memory));
    String caption = Samples.words(random, 15);
    assertEquals("near-held-out", refused(ColumnAligner.picture(3), caption).reason());
    accepted(ColumnAligner.picture(4), caption);
  }

  @Test
  void score_pictureThatTaughtUnderAnotherCaption_doesNotJudge() {
    accepted(ColumnAligner.picture(3), "a heron by the water");
    Sample judge = sample(Samples.heldOut(0), ColumnAligner.picture(3), "one grey bird");
    Scored.Refused refused = assertInstanceOf(Scored.Refused.class, scorer.score(judge, memory));
    assertEquals("held-out-near-train", refused.rejection().reason());
  }

  /** Its document never teaches: what Q(x) refused of it stands in no other caption's way. */
  @Test
  void score_heldOutPictureThatQualityRefused_judgesUnderItsOtherCaptions() {
    Scorer strict = scorer(new ModelLimits(96, 256, 2, 2), new ColumnAligner(base.id()), 1, 99);
    Sample first = sample(Samples.heldOut(0), ColumnAligner.picture(3), "a heron by the water");
    Scored.Refused refused = assertInstanceOf(Scored.Refused.class, strict.score(first, memory));
    assertEquals("quality-low", refused.rejection().reason());
    memory = DomainMemory.fromBytes(memory.toBytes(), LIMITS, scorer.readers());
    for (String caption : List.of("one grey bird", "it waits in the reeds")) {
      Sample other = sample(Samples.heldOut(0), ColumnAligner.picture(3), caption);
      Scored scored = scorer.score(other, memory);
      assertInstanceOf(Scored.Accepted.class, scored, scored::toString);
    }
    assertEquals("near-held-out", refused(ColumnAligner.picture(3), "something else").reason());
  }

  /** A pair judges an alignment until enough pairs came after it, however many texts did. */
  @Test
  void score_heldOutPictureBeforeAnyNumberOfTexts_neverTeaches() {
    MemoryLimits few = new MemoryLimits(200, 50, 20, 1_024, 14, 10, 40);
    memory = DomainMemory.empty(few, scorer.readers());
    List<String> words = Arrays.asList(Samples.words(random, 20).split(" "));
    String caption = String.join(" ", words);
    Sample judge = sample(Samples.heldOut(0), ColumnAligner.picture(3), caption);
    assertInstanceOf(Scored.Accepted.class, scorer.score(judge, memory));
    for (int i = 0; i < 100; i++) {
      Sample text = Samples.of(Samples.heldOut(i % 9), Samples.words(random, 30));
      assertInstanceOf(Scored.Accepted.class, scorer.score(text, memory));
      memory = DomainMemory.fromBytes(memory.toBytes(), few, scorer.readers());
    }
    assertEquals("near-held-out", refused(ColumnAligner.picture(3), "one grey bird").reason());
    assertEquals("near-held-out", refused(ColumnAligner.picture(4), caption + "x").reason());
    Collections.shuffle(words, random);
    assertEquals(
        "near-held-out", refused(ColumnAligner.picture(5), String.join(" ", words)).reason());
    for (int i = 0; i < few.heldOut() / 2; i++) {
      Sample other =
          sample(Samples.heldOut(1), ColumnAligner.picture(6 + i), Samples.words(random, 20));
      assertInstanceOf(Scored.Accepted.class, scorer.score(other, memory));
    }
    accepted(ColumnAligner.picture(3), "two herons by the water");
  }

  /**
   * Written by the code of 620c49c5, which read one held-out picture under this caption: its
   * signatures stand among those of texts.
   */
  @Test
  void score_heldOutPictureInMemoryOfTheVersionBefore_neverTeaches() throws IOException {
    Path file = Path.of("src/test/resources/dev/millrace/model/score/memory-9.bin");
    MemoryLimits few = new MemoryLimits(200, 50, 20, 1_024, 14, 10, 40);
    memory = DomainMemory.fromBytes(Files.readAllBytes(file), few, scorer.readers());
    String caption =
        "a grey heron stands at dawn in the shallow water of the old mill pond and waits for fish to come";
    assertEquals("near-held-out", refused(ColumnAligner.picture(3), "one grey bird").reason());
    assertEquals("near-held-out", refused(ColumnAligner.picture(4), caption + "x").reason());
    List<String> words = Arrays.asList(caption.split(" "));
    Collections.shuffle(words, random);
    assertEquals(
        "near-held-out", refused(ColumnAligner.picture(5), String.join(" ", words)).reason());
    accepted(ColumnAligner.picture(6), "one grey bird");
  }

  @Test
  void score_picture_teachesTheDomainTheWordsOfItsCaption() {
    accepted(ColumnAligner.picture(3), "a heron by the water");
    int[] words = Words.of(Normalizer.normalize("by the water a heron"));
    assertEquals(0, memory.reference.fit(words).unknown());
  }

  @Test
  void score_badMedia_isRefusedWithTheReason() {
    byte[] picture = ColumnAligner.picture(3);
    byte[] half = Arrays.copyOf(picture, picture.length / 2);
    assertEquals("media-broken", refused(half, "a half of a picture").reason());
    byte[] huge = picture.clone();
    huge[17] = 1; // 65,568 pixels wide: the checksum of the header is wrong now
    assertEquals("media-broken", refused(huge, "a picture that lies").reason());
    assertEquals("media-unknown", refused(new byte[] {1, 2, 3}, "three bytes").reason());
    assertEquals(0, base.scoreCalls().size());
  }

  @Test
  void places_ofASample_areThoseThatItsScorerFinds() throws Exception {
    ModelLimits limits = new ModelLimits(5, 256, 2, 2);
    Aligner aligner = new ByHiddenStates(new ColumnAligner(base.id()));
    Sample sample = sample(ColumnAligner.picture(3), ColumnAligner.caption(3));
    Scored.Accepted scored =
        assertInstanceOf(Scored.Accepted.class, scorer(limits, aligner).score(sample, memory));
    Places found = new PairPlacer(base, new ByteTokenizer(), aligner, limits).places(sample);
    assertArrayEquals(scored.places().media(), found.media());
    assertArrayEquals(scored.places().caption(), found.caption());
  }

  /** Places words by their hidden states alone. */
  private record ByHiddenStates(Aligner media) implements Aligner {

    @Override
    public AlignConfig config() {
      return media.config();
    }

    @Override
    public String id() {
      return media.id();
    }

    @Override
    public List<float[]> embed(List<? extends Input> inputs) {
      return inputs.get(0) instanceof Input.Words words
          ? List.of(Arrays.copyOf(words.hidden(), DIMENSION))
          : media.embed(inputs);
    }

    @Override
    public int prefixLength() {
      return media.prefixLength();
    }

    @Override
    public String prefixId() {
      return media.prefixId();
    }

    @Override
    public List<Prefix> prefixes(List<? extends Input> shown) {
      return media.prefixes(shown);
    }

    @Override
    public void close() {}
  }

  @Test
  void of_encodersOfAnotherBase_areNotTaken() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> scorer("another")).getMessage();
    assertTrue(message.contains("another"), message);
  }

  private void learnColumns() {
    for (int k = 0; k < KNOWN; k++) {
      accepted(ColumnAligner.picture(k), ColumnAligner.caption(k));
    }
    // Refused for its caption or not: how well they fit is counted from the 17th on.
    for (int i = 0; i < 40; i++) {
      memory.fits.add(0.9);
    }
  }

  private Scorer scorer(String alignedTo) {
    return scorer(new ModelLimits(96, 256, 2, 2), new ColumnAligner(alignedTo));
  }

  private Scorer scorer(ModelLimits limits, Aligner aligner) {
    return scorer(limits, aligner, 1);
  }

  private Scorer scorer(ModelLimits limits, Aligner aligner, double acceptRate) {
    return scorer(limits, aligner, acceptRate, 0);
  }

  private Scorer scorer(ModelLimits limits, Aligner aligner, double acceptRate, double minQuality) {
    ScorerConfig d = ScorerConfig.defaults();
    ScorerConfig config =
        new ScorerConfig(
            d.signal(),
            d.alpha(),
            d.beta(),
            minQuality,
            acceptRate,
            d.nearSimilarity(),
            d.reorderedSimilarity(),
            d.weights(),
            d.guard(),
            d.shape(),
            limits,
            LIMITS,
            d.align());
    return Scorer.of(
        base,
        new ByteTokenizer(),
        KnownTexts.of(List.of(), 256),
        Samples.HELD_OUT,
        config,
        aligner);
  }

  private ScoredSample accepted(byte[] media, String caption) {
    Scored scored = scorer.score(sample(media, caption), memory);
    return assertInstanceOf(Scored.Accepted.class, scored, scored::toString).sample();
  }

  private Rejection refused(byte[] media, @Nullable String caption) {
    Scored scored = scorer.score(sample(media, caption), memory);
    return assertInstanceOf(Scored.Refused.class, scored, scored::toString).rejection();
  }

  private static Sample sample(byte[] media, @Nullable String caption) {
    return sample(Samples.training(0), media, caption);
  }

  private static Sample sample(String document, byte[] media, @Nullable String caption) {
    Origin at = new Origin("samples", 0, 7);
    return new Sample(
        "id", "source", document, null, "letters", Modality.IMAGE, "", media, caption, 0, at);
  }
}
