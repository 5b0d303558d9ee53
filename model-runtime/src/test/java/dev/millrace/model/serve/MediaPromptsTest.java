package dev.millrace.model.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.model.score.ColumnAligner;
import dev.millrace.model.swap.FakeReleases;
import dev.millrace.model.text.ByteTokenizer;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Answer.From;
import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Request;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Pictures and sounds before a prompt. */
class MediaPromptsTest extends Responders {

  @Test
  void respond_pictureBeforeTheText_isAnsweredBehindIt() {
    try (Responder seeing = seeing(base.id())) {
      Answer third = one(seeing, score("a", null, "text").toBuilder().media(column(3)).build());
      Answer ninth = one(seeing, score("b", null, "text").toBuilder().media(column(9)).build());
      assertNull(third.error());
      assertEquals(4, third.tokens(), "the first token is predicted too");
      assertEquals(4 * (9 - 3), ninth.logProb() - third.logProb(), 1e-4);
      assertEquals(From.MODEL, ninth.from(), "another picture is another question");
      assertEquals(
          From.L1,
          one(seeing, score("c", null, "text").toBuilder().media(column(3)).build()).from());
      Request silent = generate("d", null, "", 2).toBuilder().media(column(3)).build();
      assertEquals("ef", one(seeing, silent).text());
      assertEquals(
          "fg",
          one(seeing, generate("e", null, "a", 2).toBuilder().media(column(4)).build()).text());
    }
  }

  /** What they make of a picture stands before the prompt. */
  @Test
  void respond_otherEncodersOfTheSameBase_takeNoAnswerBehindThoseBefore() {
    Request asked = shown(ColumnAligner.picture(3));
    try (Responder before = seeing(new ColumnAligner(base.id()));
        Responder same = seeing(new ColumnAligner(base.id()));
        Responder others = seeing(new ColumnAligner(base.id(), "others"))) {
      assertEquals(From.MODEL, one(before, asked).from());
      assertEquals(From.REDIS, one(same, asked).from());
      assertEquals(From.MODEL, one(others, asked).from());
    }
  }

  /** Others in their place would see it elsewhere. */
  @Test
  void respond_mediaPlacedByEncodersWithoutAName_areNotKept() {
    Request places = embed("e", null, "").toBuilder().media(column(3)).build();
    try (Responder seeing = seeing(new ColumnAligner(base.id(), ""))) {
      for (int i = 0; i < 2; i++) {
        assertEquals(From.MODEL, one(seeing, places).from());
      }
    }
  }

  @Test
  void respond_badMedia_areRefusedWithTheReasonsOfSamples() {
    byte[] png = ColumnAligner.picture(3);
    try (Responder seeing = seeing(base.id())) {
      assertError("media-broken: ", one(seeing, shown(Arrays.copyOf(png, png.length / 2))));
      assertError("media-unknown: ", one(seeing, shown("no picture".getBytes(UTF_8))));
      Request sound =
          score("s", null, "text").toBuilder().media(new Media(Modality.AUDIO, png)).build();
      assertError("media-unknown: ", one(seeing, sound));
      assertNull(one(seeing, score("t", null, "text")).error(), "and goes on");
    }
  }

  @Test
  void step_whilePictureIsDecoded_othersAreAnswered() throws InterruptedException {
    try (Responder seeing = seeing(base.id())) {
      seeing.submit(1, large("picture"));
      seeing.submit(2, score("text", null, "text"));
      List<Answered> answered = untilAnswered(seeing, 1);
      assertEquals(2 - answered.size(), seeing.fetching().size(), "it takes no place in the batch");
      answered.addAll(untilAnswered(seeing, 2 - answered.size()));
      assertEquals(List.of("text", "picture"), ids(answered));
      assertEquals(4, answered.get(1).answer().tokens());
      assertEquals(Set.of(), seeing.fetching());
    }
  }

  /** By another caller the text is answered before the swap. */
  @Test
  void step_swapWhilePictureIsDecoded_textBehindItGoesBackToNoEarlierRelease()
      throws InterruptedException {
    swap(FakeReleases.published("java", 1));
    Request text = score("text", "java", "text");
    try (Responder seeing = seeing(base.id())) {
      seeing.submit(1, large("picture").toBuilder().domain("java").build(), 7);
      seeing.submit(2, text, 7);
      seeing.submit(3, uncached(score("other", "java", "text")), 8);
      List<Answered> answered = untilAnswered(seeing, 1);
      swap(FakeReleases.published("java", 2));
      answered.addAll(untilAnswered(seeing, 3 - answered.size()));
      Map<String, String> releases =
          answered.stream()
              .map(Answered::answer)
              .collect(Collectors.toMap(Answer::request, Answer::release));
      assertEquals("bias-1", releases.get("other"));
      assertEquals(releases.get("picture"), releases.get("text"));
      assertEquals(Set.of(), seeing.fetching());
      seeing.submit(4, uncached(text), 7);
      assertEquals(List.of("text"), ids(untilAnswered(seeing, 1)), "nothing waits for it any more");
    }
  }

  @Test
  void step_cancelledWhileItsPictureIsDecoded_isAnsweredAtOnce() throws InterruptedException {
    long asked = now;
    try (Responder seeing = seeing(base.id())) {
      seeing.submit(1, large("a"));
      seeing.submit(2, due(large("b"), asked + 1));
      seeing.submit(3, large("c"));
      seeing.cancel(1, "cancelled: by d");
      assertEquals("cancelled: by d", untilAnswered(seeing, 1).get(0).answer().error());
      now = asked + 2;
      seeing.cancel(9, "nobody, and wakes it up");
      List<Answered> last = untilAnswered(seeing, 2);
      assertEquals(List.of("b", "c"), ids(last), "and goes on");
      assertError("deadline-passed: ", last.get(0).answer());
      assertEquals(4, last.get(1).answer().tokens());
    }
  }

  @Test
  void close_whilePicturesAreDecoded_endsTheThread() throws InterruptedException {
    Responder seeing = seeing(base.id());
    seeing.submit(1, large("a"));
    seeing.submit(2, large("b"));
    seeing.submit(3, score("c", null, "text"));
    assertEquals(List.of("c"), ids(untilAnswered(seeing, 1)));
    Thread decodes =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().equals("millrace-media"))
            .findFirst()
            .orElseThrow();
    seeing.close();
    decodes.join(); // for ever, if nobody has ended it
  }

  @Test
  void respond_pictureWithoutEncodersOfTheBase_isRefused() {
    assertError("modality-unsupported: IMAGE", one(shown(ColumnAligner.picture(3))));
    try (Responder seeing = seeing("another-base")) {
      assertError("modality-unsupported: IMAGE", one(seeing, shown(ColumnAligner.picture(3))));
    }
  }

  @Test
  void respond_promptThatCannotBeRead_failsAloneAndOthersGoOn() {
    Tokenizer broken =
        new ByteTokenizer() {
          @Override
          public int[] encode(String text) {
            if (text.equals("unreadable")) {
              throw new IllegalStateException("no tokens");
            }
            return super.encode(text);
          }
        };
    try (Responder reading =
        Responder.of(parts(carriers(base, broken), live, new MediaReader(null)), LIMITS, 5)) {
      List<Answer> answers =
          reading.respond(
              List.of(
                  score("a", null, "unreadable"),
                  uncached(generate("b", null, "unreadable", 2)),
                  score("c", Request.AUTO, "unreadable"),
                  score("d", null, "text")));
      assertError("model-failed: no tokens", answers.get(0));
      assertError("model-failed: no tokens", answers.get(1));
      assertError("model-failed: no tokens", answers.get(2));
      assertNull(answers.get(3).error());
    }
  }

  @Test
  void respond_tokenizerWithABos_countsItButBehindMedia() {
    try (Responder seeing = seeing(base.id(), new AfterBos())) {
      assertEquals(4, one(seeing, score("q", null, "text")).tokens());
      assertEquals(5, one(seeing, score("q", null, "text")).promptTokens());
      Answer shown = one(seeing, shown(ColumnAligner.picture(3)));
      assertEquals(4, shown.tokens());
      assertEquals(1 + 4, shown.promptTokens());
      assertError(
          "prompt-too-long: 513 tokens and 0 to add, expected at most 512",
          one(seeing, score("q", null, "a".repeat(512))));
    }
  }

  /** Bytes behind a token that begins every text. */
  private static final class AfterBos extends ByteTokenizer {

    @Override
    public int[] encode(String text) {
      return IntStream.concat(IntStream.of(bos()), IntStream.of(super.encode(text))).toArray();
    }

    @Override
    public int[] bos() {
      return new int[] {1};
    }
  }

  private static Request shown(byte[] picture) {
    return score("p", null, "text").toBuilder().media(new Media(Modality.IMAGE, picture)).build();
  }

  /** Of nine megapixels. */
  private static Request large(String id) {
    Media media = new Media(Modality.IMAGE, ColumnAligner.picture(3, 96));
    return score(id, null, "text").toBuilder().media(media).build();
  }

  private static Media column(int k) {
    return new Media(Modality.IMAGE, ColumnAligner.picture(k));
  }

  /** A responder with encoders of a base. */
  private Responder seeing(String of) {
    return seeing(of, new ByteTokenizer());
  }

  private Responder seeing(String of, Tokenizer tokenizer) {
    return seeing(new ColumnAligner(of), tokenizer);
  }

  private Responder seeing(ColumnAligner encoders) {
    return seeing(encoders, new ByteTokenizer());
  }

  private Responder seeing(ColumnAligner encoders, Tokenizer tokenizer) {
    ServingParts parts = parts(carriers(base, tokenizer), live, new MediaReader(encoders));
    return Responder.of(parts, LIMITS, 5);
  }
}
