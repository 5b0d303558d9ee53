package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.TokenSet;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.FakeBaseModel;
import dev.millrace.model.base.Reading;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.text.ByteTokenizer;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import java.lang.reflect.Proxy;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ScorerTest {

  private static final MemoryLimits LIMITS = new MemoryLimits(100, 50, 20, 1_024, 14, 10, 40);

  private static final ShapeLimits SHAPE = new ShapeLimits(48, 65_536, 0.18, 0.5, 0.01, 0.6, 1);
  private static final ShapeLimits KNOWN_WORDS =
      new ShapeLimits(48, 65_536, 0.18, 0.5, 0.01, 0.6, 0.55);

  private final Random random = new Random(6);
  private final FakeBaseModel base = new FakeBaseModel();
  private final Scorer scorer = scorer(1);
  private final DomainMemory memory = DomainMemory.empty(LIMITS, scorer.readers());

  @Test
  void score_freshText_isAcceptedWithItsFigures() {
    String text = Samples.words(random, 100);
    ScoredSample first = accepted(Samples.training(0), text);
    assertEquals(1, first.diversity());
    assertEquals(0.5 * first.entropy() / Math.log(256) + 0.5, first.quality(), 1e-12);
    assertEquals(256, first.tokens().length);
    ScoredSample second = accept(0);
    assertTrue(second.diversity() < 1 && second.diversity() > 0, "" + second.diversity());
  }

  @Test
  void score_sameTextAgain_isRefusedBeforeTheModelIsAsked() {
    String text = Samples.words(random, 100);
    accepted(Samples.training(0), text);
    int calls = base.scoreCalls().size();
    String spaced = "  " + text.toUpperCase(Locale.ROOT).replace(" ", " \n\t");
    refused("duplicate-exact", Samples.training(1), spaced);
    assertEquals(calls, base.scoreCalls().size());
  }

  @Test
  void score_textWithAFewWordsChanged_isANearDuplicate() {
    String text = Samples.words(random, 100);
    accepted(Samples.training(0), text);
    refused("duplicate-near", Samples.training(1), "changed " + text + "words");
  }

  @Test
  void score_textThatSharesALotWithAnEarlierOne_isWorthLess() {
    String text = Samples.words(random, 22);
    accept(0);
    accepted(Samples.training(1), text);
    accept(2);
    String half = text + Samples.words(random, 11);
    double similarity = memory.near.mostSimilar(MinHash.of(Normalizer.normalize(half)));
    assertTrue(similarity > 0.5, "similarity " + similarity);
    ScoredSample shares = accepted(Samples.training(3), half);
    double alone = 0.5 * shares.entropy() / Math.log(256) + 0.5 * shares.diversity();
    assertEquals(alone * (1 - similarity * similarity), shares.quality(), 1e-12);
  }

  @Test
  void nearSimilarity_thatShips_tellsALicenceUnderAnotherName() {
    String notice =
        "%s and that the name %s not be used in advertising or publicity pertaining to distribution"
            + " of the software without specific, written prior permission.";
    String one = "that both that copyright notice and this permission notice appear in all copies";
    String other = "that the copyright notice and the permission notice appear in supporting files";
    memory.near.add(MinHash.of(Normalizer.normalize(notice.formatted(one, "of Apple Inc."))));
    String text = notice.formatted(other, "(TrademarkedName)");
    Candidate candidate = new Candidate(Samples.of(Samples.training(0), text), false);
    candidate.normalized = Normalizer.normalize(text);
    assertNull(new NearDuplicate(0.65).check(candidate, memory));
    double ships = ScorerConfig.defaults().nearSimilarity();
    assertNotNull(new NearDuplicate(ships).check(candidate, memory));
  }

  @Test
  void score_almostAHeldOutText_neverTeaches() {
    String text = Samples.words(random, 100);
    ScoredSample judge = accepted(Samples.heldOut(0), text);
    assertTrue(judge.heldOut());
    for (int i = 0; i < 3 * LIMITS.exact(); i++) {
      accept(i);
    }
    refused("near-held-out", Samples.training(0), text);
    refused("near-held-out", Samples.training(1), text + "changed");
  }

  @Test
  void score_heldOutTextBeforeALongTail_neverTeaches() {
    String text = Samples.words(random, 100);
    accepted(Samples.heldOut(0), text);
    refused("near-held-out", Samples.training(0), text + Samples.words(random, 2_000));
  }

  @Test
  void score_beginningOfALongHeldOutText_neverTeaches() {
    String text = Samples.words(random, 100);
    String whole = text + Samples.words(random, 2_000);
    accepted(Samples.heldOut(0), whole);
    refused("near-held-out", Samples.training(0), text);
  }

  @Test
  void score_junkBeforeALongTail_isRefusedForWhatItTeaches() {
    String tail = Samples.words(random, 2_000);
    refused("repetition", Samples.training(0), "buy now! ".repeat(40) + tail);
    StringBuilder symbols = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      symbols.append((char) ('!' + random.nextInt(15)));
    }
    refused("symbol-share", Samples.training(0), symbols + tail);
    refused("encoding-damage", Samples.training(0), "\uFFFD".repeat(100) + tail);
  }

  @Test
  void warmUp_ofTheStagesThatAreTimed_reachesThoseBeforeTheModelAlone() {
    StageTimes times = new StageTimes();
    ScorerConfig config = ScorerConfig.defaults();
    KnownTexts known = KnownTexts.of(List.of(), 256);
    times.timing(base, new ByteTokenizer(), known, Samples.HELD_OUT, config);
    Sample sample = Samples.of(Samples.training(0), Samples.words(random, 100));
    assertEquals(1, times.warmUp(List.of(sample), config));
    times
        .take()
        .forEach(
            (stage, cost) ->
                assertEquals(
                    List.of("ModelEntropy", "Quality").contains(stage), cost.texts() == 0));
    assertEquals(List.of(), base.scoreCalls());
  }

  @Test
  void score_symbolsOfAnyScript_areCountedByCharacters() {
    String letters = "a\u00e9\u4e2d\ud83d\ude00".repeat(20); // one of four is a symbol
    SymbolShare quarter = new SymbolShare(0.25);
    assertNull(quarter.check(new Candidate(Samples.of("document", letters), false), memory));
    Stage.Refusal refusal =
        quarter.check(new Candidate(Samples.of("document", letters + "!"), false), memory);
    assertEquals("share 0.259 of symbols, expected at most 0.250", refusal.detail());
  }

  @Test
  void said_byTokensThatEndWithinACharacter_isWholeCharacters() {
    SampleTokens tokens = new SampleTokens(new ByteTokenizer(), 5);
    String text = "\u00e9\u00e9\u00e9";
    assertEquals("\u00e9\u00e9", tokens.said(text, tokens.of(text)));
    assertEquals("ab", tokens.said("ab", tokens.of("ab")));
  }

  @Test
  void score_heldOutTextThatTaughtAlready_isDropped() {
    String text = Samples.words(random, 100);
    accepted(Samples.training(0), text);
    refused("held-out-near-train", Samples.heldOut(0), text + "changed");
  }

  @Test
  void score_heldOutText_teachesTheDomainNothing() {
    Scorer near = scorer(Signal.BELONGING, 1, SHAPE, Weights.none(), GuardLimits.defaults());
    DomainMemory empty = DomainMemory.empty(LIMITS, near.readers());
    accepted(near.score(Samples.of(Samples.heldOut(0), Samples.words(random, 50)), memory));
    assertEquals(0, memory.reference.learned());
    assertEquals(0, memory.embeddings.size());
    assertEquals(empty.neighbours.encodedBytes(), memory.neighbours.encodedBytes());
  }

  @Test
  void score_moreHeldOutTextsThanSignaturesFit_allJudgeAndTheLastGuard() {
    List<String> texts = texts(5 * LIMITS.heldOut());
    int half = texts.size() / 2;
    judged(texts, 0, half, memory);
    byte[] middle = memory.toBytes();
    judged(texts, half, texts.size(), memory);
    assertEquals(LIMITS.heldOut(), memory.heldOut.size());
    assertEquals(LIMITS.heldOut(), memory.heldOutBags.size());

    DomainMemory restored = DomainMemory.fromBytes(middle, LIMITS, scorer.readers());
    judged(texts, half, texts.size(), restored);
    assertArrayEquals(memory.toBytes(), restored.toBytes());
    accepted(Samples.training(0), texts.get(0) + "that judged once");
  }

  /** Each text judges, and no copy teaches of the oldest that still guards. */
  private void judged(List<String> texts, int from, int to, DomainMemory memory) {
    for (int i = from; i < to; i++) {
      accepted(scorer.score(Samples.of(Samples.heldOut(i % 9), texts.get(i)), memory));
      String oldest = texts.get(Math.max(0, i + 1 - LIMITS.heldOut()));
      Sample copy = Samples.of(Samples.training(i % 9), oldest + "changed");
      assertTrue(
          Set.of("near-held-out", "duplicate-exact")
              .contains(refusedFor(scorer.score(copy, memory))));
    }
  }

  private List<String> texts(int count) {
    return Stream.generate(() -> Samples.words(random, 100)).limit(count).toList();
  }

  /** Else who sends such texts makes room for copies of what judges. */
  @Test
  void score_heldOutTextsThatQualityRefuses_pushOutNoneThatJudges() {
    Weights weights = new Weights(Map.of("bad", "0.1"), Map.of());
    Scorer half = scorer(0.5, SHAPE, weights, GuardLimits.defaults());
    String judge = Samples.words(random, 100);
    accepted(Samples.heldOut(0), judge);
    for (int i = 0; i < LIMITS.qualities(); i++) {
      accept(i);
    }
    String bad = "";
    for (int i = 0; i < 2 * LIMITS.heldOut(); i++) {
      accept(i);
      accept(i);
      bad = Samples.words(random, 100);
      Origin at = new Origin("samples", 0, 7);
      Sample sample = Sample.ofText("id", "bad", Samples.heldOut(1), "letters", bad, 0, at);
      assertEquals("quality-low", refusedFor(half.score(sample, memory)));
    }
    refused("near-held-out", Samples.training(0), judge + "changed");
    refused("duplicate-near", Samples.training(0), bad + "changed");
  }

  @Test
  void score_badShapes_areRefusedEachWithItsReason() {
    String d = Samples.training(0);
    refused("too-short", d, "a few words");
    refused("too-long", d, Samples.words(random, 60_000));
    refused("repetition", d, "buy now! ".repeat(100));
    refused("symbol-share", d, "a<>{}[]#$%&*()?!b;:.,/\\^|~@=+-'_ c`§±¬¦«»¡¿÷× {[(<>)]} d;.;:;");
    refused("encoding-damage", d, Samples.words(random, 30) + "caf\uFFFD na\uFFFDve \uFFFD\uFFFD");
    String utf8 =
        "Größe, Käse, Äpfel, Öl, Übung, müde, schön, früh, spät, für, über, grün, Mädchen";
    String mojibake =
        new String(utf8.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    refused("encoding-damage", d, mojibake);
    accepted(d, utf8);
  }

  /** A few characters of a short text looked like another script's. */
  @Test
  void check_lettersBeforeSigns_areNoDamage() {
    EncodingDamage damage = new EncodingDamage(0.01);
    for (String text :
        List.of(
            "Le mot «\u00A0liberté\u00A0» est féminin, «\u00A0égalité\u00A0» aussi.",
            "SÉCURITÉ\u00A0: ENTRÉE INTERDITE\u00A0! VOILÀ\u00A0!",
            "«Arrêté…», dit-il.",
            "VÁŠ ÚŽASNÝ",
            "NESTLÉ®, CAFÉ™",
            "Der Buchstabe „Ä“ fehlt.",
            "120 Å²")) {
      assertNull(damage.check(new Candidate(Samples.of("d", text), false), memory), text);
    }
  }

  @Test
  void check_utf8ReadAsAnotherEncoding_isDamage() {
    EncodingDamage damage = new EncodingDamage(0.01);
    for (String text :
        List.of(
            "Größe und Übermaß, schön früh",
            "příliš žluťoučký kůň úpěl ďábelské ódy",
            "Zażółć gęślą jaźń, a potem śpij",
            "съешь ещё этих мягких французских булок",
            "ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
            "דג סקרן שט בים מאוכזב",
            "人人生而自由，在尊严和权利上一律平等",
            "“It’s all there” – he said…")) {
      assertNull(damage.check(new Candidate(Samples.of("d", text), false), memory), text);
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      for (String encoding : List.of("ISO-8859-1", "windows-1252")) {
        String read = new String(utf8, Charset.forName(encoding)).replace("\uFFFD", "");
        assertNotNull(damage.check(new Candidate(Samples.of("d", read), false), memory), read);
      }
    }
    String french = "« C’est fini », dit-il à l’abbé… « Déjà\u00A0?\u00A0» – « Été\u00A0! »";
    assertNull(damage.check(new Candidate(Samples.of("d", french), false), memory));
  }

  @Test
  void check_oneDamagedCharacter_isCounted() {
    EncodingDamage none = new EncodingDamage(0);
    for (String damaged :
        List.of(
            "\uFFFD", "\ud83d", "\ude00", "\0", "\u00c3\u00a4", "\u00c2\u00a0", "\u00e2\u20ac")) {
      assertNotNull(none.check(new Candidate(Samples.of("d", "a" + damaged), false), memory));
      assertNotNull(none.check(new Candidate(Samples.of("d", damaged + "a"), false), memory));
    }
    String whole = "\ud83d\ude00\t\n\u00c3a\u00e2a\u20ac\u00e4\u00c3";
    assertNull(none.check(new Candidate(Samples.of("d", whole), false), memory));
  }

  @Test
  void score_wordsOfATeachingTextInAnotherOrder_isAReorderedCopy() {
    List<String> words = new ArrayList<>(List.of(Samples.words(random, 100).split(" ")));
    accepted(Samples.training(0), String.join(" ", words));
    Collections.shuffle(words, random);
    refused("duplicate-reordered", Samples.training(1), String.join(" ", words));
  }

  @ParameterizedTest
  @CsvSource({"false, duplicate-near", "true, near-held-out"})
  void score_wordsOfARefusedCopyInAnotherOrder_areAReorderedCopy(boolean ofHeldOut, String reason) {
    String text = Samples.words(random, 86);
    String copy = text + Samples.words(random, 14);
    accepted(
        ofHeldOut ? Samples.heldOut(0) : Samples.training(0), text + Samples.words(random, 14));
    refused(reason, Samples.training(1), copy);
    List<String> words = new ArrayList<>(List.of(copy.split(" ")));
    Collections.shuffle(words, random);
    refused("duplicate-reordered", Samples.training(2), String.join(" ", words));
  }

  @Test
  void score_wordsOfAHeldOutTextInAnotherOrder_neverTeach() {
    List<String> words = new ArrayList<>(List.of(Samples.words(random, 100).split(" ")));
    accepted(Samples.heldOut(0), String.join(" ", words));
    for (int i = 0; i < 3 * LIMITS.near(); i++) {
      accept(i);
    }
    Collections.shuffle(words, random);
    refused("near-held-out", Samples.training(1), String.join(" ", words));
  }

  @Test
  void score_linesThatManyTextsHaveShown_areBoilerplate() {
    String frame = "Subscribe to our letter\nAll rights are reserved\n";
    for (int i = 0; i < 12; i++) {
      accepted(Samples.training(i), frame + Samples.words(random, 60));
    }
    refused("boilerplate", Samples.training(0), frame + Samples.words(random, 5));
    accepted(Samples.training(1), frame + Samples.words(random, 60));
  }

  @Test
  void score_linesThatOneTextRepeats_areNoBoilerplate() {
    String frame = "Subscribe to our letter\nAll rights are reserved\n";
    String repeats = Samples.words(random, 60) + "\n" + frame.repeat(14);
    accepted(Samples.training(0), repeats);
    accepted(Samples.training(1), frame + Samples.words(random, 5));
  }

  @Test
  void score_linesThatManyLongTextsHaveShown_areBoilerplate() {
    DomainMemory learned = DomainMemory.empty(ScorerConfig.defaults().memory(), scorer.readers());
    String frame = "Subscribe to our letter\nAll rights are reserved\n";
    for (int i = 0; i < 14; i++) {
      StringBuilder lines = new StringBuilder(frame);
      for (int line = 0; line < 1_500; line++) {
        lines.append(Samples.words(random, 3)).append('\n');
      }
      accepted(scorer.score(Samples.of(Samples.training(i), lines.toString()), learned));
    }
    Sample notice = Samples.of(Samples.training(0), frame + Samples.words(random, 3));
    Scored scored = scorer.score(notice, learned);
    assertEquals("boilerplate", refusedFor(scored));
  }

  @Test
  void score_wordsThatALearnedDomainDoesNotKnow_areAnotherLanguage() {
    Scorer strict = scorer(1, KNOWN_WORDS);
    List<String> known = List.of(Samples.words(random, 200).split(" "));
    for (int i = 0; i < 70; i++) {
      StringBuilder text = new StringBuilder();
      for (int w = 0; w < 60; w++) {
        text.append(known.get(random.nextInt(known.size()))).append(' ');
      }
      accepted(strict.score(Samples.of(Samples.training(i % 9), text.toString()), memory));
    }
    Scored scored =
        strict.score(Samples.of(Samples.training(0), Samples.words(random, 60)), memory);
    assertEquals("language-unlike", refusedFor(scored));
  }

  @Test
  void score_moreThanASourcesQuota_isRefusedUntilTheNextWindow() {
    Scorer guarded = guarded(new GuardLimits(2, 3, 1_000, 0, "", 0));
    assertEquals("", sent(guarded, "a", 100));
    assertEquals("", sent(guarded, "a", 900));
    assertEquals("source-quota", sent(guarded, "a", 999));
    assertEquals("", sent(guarded, "b", 500));
    assertEquals("tenant-quota", sent(guarded, "c", 600));
    assertEquals("", sent(guarded, "a", 1_000));
    assertEquals("", sent(guarded, "a", 700), "late samples count in the window that is open");
    assertEquals("source-quota", sent(guarded, "a", 1_100));
  }

  @Test
  void score_timesThatRiseFromLongAgo_openNoWindows() {
    Scorer guarded = guarded(new GuardLimits(2, 0, 1_000, 0, "", 0));
    assertEquals("", sent(guarded, "now", 900_000));
    assertEquals("", sent(guarded, "a", 1_000));
    assertEquals("", sent(guarded, "a", 2_000));
    assertEquals("source-quota", sent(guarded, "a", 3_000));
    assertEquals("", sent(guarded, "now", 901_000));
    assertEquals("", sent(guarded, "a", 4_000), "the domain has come to the next");
  }

  /** As a job that goes on from its state with another setting has it. */
  @Test
  void score_windowsLongerThanBefore_endAsTheyDid() {
    assertEquals("", sent(guarded(new GuardLimits(0, 2, 1_000, 0, "", 0)), "a", 900_000));
    Scorer longer = guarded(new GuardLimits(0, 2, 10_000, 0, "", 0));
    assertEquals("", sent(longer, "a", 901_000));
    assertEquals("tenant-quota", sent(longer, "a", 902_000));
    assertEquals("", sent(longer, "a", 910_000));
    assertEquals("", sent(longer, "a", 911_000));
    assertEquals("tenant-quota", sent(longer, "a", 912_000));
  }

  @Test
  void score_refusedAtOnce_leavesNothingToRemember() {
    refused("too-short", Samples.training(0), "x");
    assertTrue(memory.isEmpty());
    refused("repetition", Samples.training(0), "buy now! ".repeat(100));
    assertFalse(memory.isEmpty(), "it guards against the same again");
  }

  @Test
  void score_generatedByOurOwnModel_isCappedToAShare() {
    Scorer guarded = guarded(new GuardLimits(0, 0, 1_000, 0, "ours", 0.2));
    int ours = 0;
    for (int i = 0; i < 100; i++) {
      sent(guarded, "people", 0);
      ours += sent(guarded, "ours/v1", 0).isEmpty() ? 1 : 0;
    }
    assertEquals(25, ours, 1);
  }

  @Test
  void score_sourceRefusedFarMoreOftenThanOthers_isThrottledUntilItSendsBetter() {
    Scorer guarded = guarded(new GuardLimits(0, 0, 1_000, 0.5, "", 0));
    for (int i = 0; i < 100; i++) {
      sent(guarded, "good", 0);
      guarded.score(Samples.from("bad", 0, "buy now! ".repeat(40)), memory);
    }
    assertEquals("source-throttled", sent(guarded, "bad", 0));
    assertEquals("", sent(guarded, "good", 0));
    int taken = 0;
    for (int i = 0; i < 8 * 1_500; i++) {
      taken += sent(guarded, "bad", 0).isEmpty() ? 1 : 0;
    }
    assertEquals("", sent(guarded, "bad", 0), taken + " were let through");
  }

  @Test
  void score_mediaWithoutEncoders_doNotThrottleTheirSource() {
    Scorer guarded = guarded(new GuardLimits(0, 0, 1_000, 0.5, "", 0));
    for (int i = 0; i < 100; i++) {
      sent(guarded, "good", 0);
      guarded.score(picture("pictures"), memory);
    }
    assertEquals("", sent(guarded, "pictures", 0));
  }

  /** What is beyond a quota may be as good as what is not. */
  @ParameterizedTest
  @CsvSource({"1, 0, 0, source-quota", "0, 2, 0, tenant-quota", "0, 0, 0.2, generated-cap"})
  void score_refusedForNoFaultOfItsOwn_doesNotThrottleItsSource(
      int ofSource, int ofDomain, double generated, String reason) {
    Scorer guarded = guarded(new GuardLimits(ofSource, ofDomain, 1_000, 0.5, "ours", generated));
    Set<String> reasons = new HashSet<>();
    for (int window = 0; window < 100; window++) {
      assertEquals("", sent(guarded, "good", 1_000L * window));
      for (int i = 0; i < 4; i++) {
        reasons.add(sent(guarded, "ours", 1_000L * window));
      }
    }
    assertEquals(Set.of("", reason), reasons);
  }

  @Test
  void score_weightsOfSourceAndDomain_preferThem() {
    Weights weights = new Weights(Map.of("dear", "3"), Map.of("letters", "0.5"));
    Scorer weighted = scorer(1, SHAPE, weights, GuardLimits.defaults());
    int dear = 0;
    for (int i = 0; i < 200; i++) {
      sent(weighted, "plain", 0);
      dear += sent(weighted, "dear", 0).isEmpty() ? 1 : 0;
    }
    long plain = memory.accepted() - dear;
    assertTrue(dear > 1.2 * plain, dear + " dear, " + plain + " plain");
    assertTrue(memory.accepted() < 260, "accepted " + memory.accepted());
  }

  @Test
  void score_domainOfWeight0_acceptsNotEvenItsFirstTexts() {
    Weights weights = new Weights(Map.of(), Map.of("letters", "0"));
    assertEquals(
        "quality-low", sent(scorer(1, SHAPE, weights, GuardLimits.defaults()), "plain", 0));
    assertEquals("quality-low", sent(scorer(0), "plain", 0));
    assertEquals(List.of(), base.scoreCalls());
  }

  private Scorer guarded(GuardLimits limits) {
    return scorer(1, SHAPE, Weights.none(), limits);
  }

  /** The reason why a fresh text of a source was refused; empty if it was not. */
  private String sent(Scorer to, String source, long eventTimeMillis) {
    String text = Samples.words(random, 60);
    Scored scored = to.score(Samples.from(source, eventTimeMillis, text), memory);
    return scored instanceof Scored.Refused refused ? refused.rejection().reason() : "";
  }

  @Test
  void score_textThatTheModelCannotFollow_isNoise() {
    refused("entropy-noise", Samples.training(0), "\u4e00\u9fa5\u5b57".repeat(1) + hanzi(60));
  }

  private static Sample picture(String source) {
    Origin at = new Origin("samples", 0, 7);
    byte[] media = new byte[9];
    return new Sample(
        "id", source, "d", null, "letters", Modality.IMAGE, "", media, "a cat", 0, at);
  }

  @Test
  void score_picture_isRefusedAsUnsupported() {
    Rejection rejection =
        assertInstanceOf(Scored.Refused.class, scorer.score(picture("s"), memory)).rejection();
    assertEquals("modality-unsupported", rejection.reason());
    assertEquals(
        "modality IMAGE, expected TEXT or CODE: no encoders for this base (base.align)",
        rejection.detail());
  }

  @Test
  void score_targetRateOfAHalf_acceptsAboutAHalf() {
    Scorer half = scorer(0.5);
    for (int i = 0; i < 400; i++) {
      half.score(Samples.of(Samples.training(i % 7), Samples.words(random, 50)), memory);
    }
    double rate = memory.accepted() / (double) memory.seen();
    assertTrue(rate > 0.4 && rate < 0.65, "rate " + rate);
  }

  @ParameterizedTest
  @EnumSource(Signal.class)
  void score_memoryThroughItsBytesAtAnyPoint_judgesAlike(Signal signal) {
    Scorer picky = scorer(signal, 0.7, SHAPE, Weights.none(), GuardLimits.defaults());
    DomainMemory known = DomainMemory.empty(LIMITS, picky.readers());
    DomainMemory through = DomainMemory.empty(LIMITS, picky.readers());
    String before = Samples.words(random, 40);
    for (int i = 0; i < 600; i++) {
      String text = random.nextInt(4) == 0 ? before + "again" : Samples.words(random, 40);
      String document = random.nextInt(8) == 0 ? Samples.heldOut(i % 5) : Samples.training(i % 5);
      Sample sample = Samples.of(document, text);
      if (random.nextInt(10) == 0) {
        through = DomainMemory.fromBytes(through.toBytes(), LIMITS, picky.readers());
      }
      assertEquals(
          outline(picky.score(sample, known)), outline(picky.score(sample, through)), "at " + i);
      before = text;
    }
    assertArrayEquals(known.toBytes(), through.toBytes());
  }

  @Test
  void score_onAnotherBaseOfFewerTokens_beginsAnewButKnowsItsCopies() {
    Scorer before = scorer(Signal.BELONGING, 1, SHAPE, Weights.none(), GuardLimits.defaults());
    DomainMemory there = DomainMemory.empty(LIMITS, before.readers());
    String text = "";
    for (int i = 0; i < 9; i++) {
      text = Samples.words(random, 40).replace('a', 'ä');
      accepted(before.score(Samples.of(Samples.training(i), text), there));
    }
    List<int[]> anchors =
        Stream.generate(() -> new ByteTokenizer().encode(Samples.words(random, 40)))
            .limit(40)
            .toList();
    Scorer after =
        Scorer.of(
            new FakeBaseModel("another"),
            new ByteTokenizer(),
            KnownTexts.of(anchors, 128),
            Samples.HELD_OUT,
            config(Signal.BELONGING, 1, SHAPE, Weights.none(), GuardLimits.defaults()));
    DomainMemory here = DomainMemory.fromBytes(there.toBytes(), LIMITS, after.readers());
    Scored again = after.score(Samples.of(Samples.training(0), text), here);
    assertEquals("duplicate-exact", refusedFor(again));
    for (int i = 0; i < 9; i++) {
      Sample sample = Samples.of(Samples.training(i), Samples.words(random, 40));
      double diversity = accepted(after.score(sample, here)).diversity();
      assertEquals(i == 0, diversity == 1, "what the other base made of texts says nothing here");
    }
  }

  private static String refusedFor(Scored scored) {
    return assertInstanceOf(Scored.Refused.class, scored).rejection().reason();
  }

  @Test
  void score_textOfOtherTokensWhereNearnessIsTheSignal_isRefused() {
    Scorer near = scorer(Signal.BELONGING, 0.7, SHAPE, Weights.none(), GuardLimits.defaults());
    int foreign = 0;
    for (int i = 0; i < 200; i++) {
      String text = Samples.words(random, 40);
      String other = text.toUpperCase(Locale.ROOT).replace(' ', '_');
      Sample sample = Samples.of(Samples.training(i % 7), i % 5 == 0 ? other : text);
      boolean taken = near.score(sample, memory) instanceof Scored.Accepted;
      foreign += i >= 50 && i % 5 == 0 && taken ? 1 : 0;
    }
    assertEquals(0, foreign);
    String other = Samples.words(random, 40).toUpperCase(Locale.ROOT).replace(' ', '_');
    Scored scored = near.score(Samples.of(Samples.training(0), other), memory);
    String detail = assertInstanceOf(Scored.Refused.class, scored).rejection().detail();
    String share = "\\d\\.\\d\\d";
    assertTrue(
        detail.matches("Q .*: belonging %1$s, diversity %1$s, similarity %1$s".formatted(share)),
        detail);
  }

  @Test
  void score_textThatTeachesButRanksLow_isNoExampleOfItsDomain() {
    Scorer all = scorer(Signal.BELONGING, 1, SHAPE, Weights.none(), GuardLimits.defaults());
    KnownTexts nothing = KnownTexts.of(List.of(), 256);
    double nearness = 0;
    double otherNearness = 0;
    for (int i = 0; i < 300; i++) {
      String text = Samples.words(random, 40);
      String other = text.toUpperCase(Locale.ROOT).replace(' ', '_');
      accepted(all.score(Samples.of(Samples.training(i % 7), i % 5 == 0 ? other : text), memory));
      if (i >= 100) {
        nearness += memory.neighbours.nearness(tokens(text, nothing), nothing);
        otherNearness += memory.neighbours.nearness(tokens(other, nothing), nothing);
      }
    }
    assertTrue(otherNearness < nearness / 20, otherNearness + " and " + nearness);
  }

  private static TokenSet tokens(String text, KnownTexts known) {
    return TokenSet.of(new ByteTokenizer().encode(text), known);
  }

  private Scorer scorer(double acceptRate) {
    return scorer(acceptRate, SHAPE);
  }

  private Scorer scorer(double acceptRate, ShapeLimits shape) {
    return scorer(acceptRate, shape, Weights.none(), GuardLimits.defaults());
  }

  private Scorer scorer(double acceptRate, ShapeLimits shape, Weights weights, GuardLimits guard) {
    return scorer(Signal.ENTROPY, acceptRate, shape, weights, guard);
  }

  private Scorer scorer(
      Signal signal, double acceptRate, ShapeLimits shape, Weights weights, GuardLimits guard) {
    return Scorer.of(
        base,
        new ByteTokenizer(),
        KnownTexts.of(List.of(), 256),
        Samples.HELD_OUT,
        config(signal, acceptRate, shape, weights, guard));
  }

  private static ScorerConfig config(
      Signal signal, double acceptRate, ShapeLimits shape, Weights weights, GuardLimits guard) {
    return new ScorerConfig(
        signal,
        0.5,
        0.5,
        0,
        acceptRate,
        0.7,
        0.8,
        weights,
        guard,
        shape,
        ModelLimits.defaults(),
        LIMITS,
        AlignLimits.defaults());
  }

  private ScoredSample accept(int document) {
    String text = Samples.words(random, 100);
    return accepted(Samples.training(document % 9), text);
  }

  private static ScoredSample accepted(Scored scored) {
    return assertInstanceOf(Scored.Accepted.class, scored, scored::toString).sample();
  }

  private ScoredSample accepted(String document, String text) {
    return accepted(scorer.score(Samples.of(document, text), memory));
  }

  private void refused(String reason, String document, String text) {
    Scored scored = scorer.score(Samples.of(document, text), memory);
    Rejection rejection = assertInstanceOf(Scored.Refused.class, scored).rejection();
    assertEquals(reason, rejection.reason(), rejection.detail());
    assertEquals(new Origin("samples", 0, 7), rejection.origin());
  }

  /** Else it would be taken, and all that come after it, for nothing is near it or far from it. */
  @Test
  void score_textWhoseEmbeddingIsNoNumber_isNoiseAndLeavesTheOthersTheirDiversity() {
    String boundless = (char) FakeBaseModel.BOUNDLESS + Samples.words(random, 100);
    refused("entropy-noise", Samples.training(0), boundless);
    assertEquals(1, accept(1).diversity());
  }

  @Test
  void check_figureThatIsTooLargeOrNoNumber_isNoise() {
    assertNull(read(4, 5, 1));
    for (float[] figures :
        new float[][] {
          {5, 5, 1}, {4, 7, 1}, {Float.NaN, 5, 1}, {4, Float.NaN, 1}, {4, 5, Float.NaN}
        }) {
      Stage.Refusal refusal = read(figures[0], figures[1], figures[2]);
      assertNotNull(refusal);
      assertEquals(Reason.ENTROPY_NOISE, refusal.reason());
    }
  }

  /**
   * What is said of a text of which the model read so much.
   *
   * @param entropy nats a token
   * @param loss the same
   */
  private Stage.@Nullable Refusal read(float entropy, float loss, float embedding) {
    Reading reading =
        new Reading(
            new TokenScores(new float[] {-loss}), new float[] {entropy}, new float[] {embedding});
    BaseModel reads =
        (BaseModel)
            Proxy.newProxyInstance(
                BaseModel.class.getClassLoader(),
                new Class<?>[] {BaseModel.class},
                (proxy, method, arguments) ->
                    method.getName().equals("read")
                        ? List.of(reading)
                        : method.invoke(base, arguments));
    Candidate candidate = new Candidate(Samples.of("d", "text"), false);
    candidate.tokens = new int[] {1, 2};
    return new ModelEntropy(reads, ModelLimits.defaults()).check(candidate, memory);
  }

  private String hanzi(int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append((char) (0x4e00 + random.nextInt(5000)));
    }
    return text.toString();
  }

  private static String outline(Scored scored) {
    if (scored instanceof Scored.Accepted a) {
      return a.sample().quality() + " " + a.sample().diversity() + " " + a.sample().heldOut();
    }
    return ((Scored.Refused) scored).rejection().toString();
  }
}
