package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.gate.ProtectedSet;
import dev.millrace.job.corpus.TokenStream;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of nano, whose texts begin with no token, and of a base with its tokens and a BOS. */
class BaseTextsTest {
  private static final Path NANO = Path.of("../models/nano");
  private static final int BOS = 0;
  private static final String TEXT = "What no adapter may spoil. ".repeat(40);

  @TempDir private Path folder;

  @Test
  void anchors_textThatIsCut_isPiecesThatBeginWithABosEach() throws IOException {
    Files.writeString(
        folder.resolve(BaseTexts.ANCHORS), "{\"domain\": \"a\", \"text\": \"%s\"}".formatted(TEXT));
    try (Tokenizer nano = Tokenizers.open(NANO);
        Tokenizer other = withBos()) {
      List<int[]> plain = BaseTexts.anchors(folder, nano);
      List<int[]> pieces = BaseTexts.anchors(folder, other);
      assertTrue(plain.size() > 1);
      assertEquals(plain.size(), pieces.size());
      for (int i = 0; i < plain.size(); i++) {
        assertArrayEquals(behindBos(plain.get(i)), pieces.get(i));
      }
    }
  }

  /** A piece of one token would predict none, which no model takes. */
  @Test
  void anchors_textsOfAnyLength_areCutIntoPiecesThatAreNotTooShort() throws IOException {
    List<BaseTexts.Line> lines = new ArrayList<>();
    for (int words = 1; words <= 200; words++) {
      lines.add(new BaseTexts.Line("a", "spoil ".repeat(words)));
    }
    BaseTexts.write(folder.resolve(BaseTexts.ANCHORS), lines);
    try (Tokenizer nano = Tokenizers.open(NANO)) {
      int expected = 0;
      for (BaseTexts.Line line : lines) {
        int tokens = nano.encode(line.text()).length;
        expected += tokens / 80 + (tokens % 80 < 16 ? 0 : 1);
      }
      List<int[]> pieces = BaseTexts.anchors(folder, nano);
      assertEquals(expected, pieces.size());
      assertTrue(pieces.stream().allMatch(piece -> piece.length >= 16 && piece.length <= 80));
    }
  }

  @Test
  void exam_textsOfOneTokenOrMoreThanAreJudgedWhole_areLeftOut() throws IOException {
    List<BaseTexts.Line> lines = new ArrayList<>();
    for (String text : List.of("a", "no adapter may spoil", "spoil ".repeat(300))) {
      lines.add(new BaseTexts.Line("a", text));
    }
    BaseTexts.write(folder.resolve(BaseTexts.PROTECTED), lines);
    String config = Files.readString(NANO.resolve("config.json"));
    Files.writeString(folder.resolve("config.json"), config);
    try (Tokenizer nano = Tokenizers.open(NANO)) {
      assertEquals(1, nano.encode("a").length);
      assertTrue(nano.encode(lines.get(2).text()).length > BaseTexts.MAX_TOKENS);
      List<Exam.Text> judged = BaseTexts.exam(folder, nano).texts();
      assertEquals(1, judged.size());
      assertArrayEquals(nano.encode(lines.get(1).text()), judged.get(0).tokens());
      Files.writeString(folder.resolve("config.json"), config.replace(": 512,", ": 3,"));
      assertEquals(List.of(), BaseTexts.exam(folder, nano).texts(), "it has fewer positions");
    }
  }

  /** So that a gate that asks few pieces asks about many texts. */
  @Test
  void protection_textsOfManyPieces_areTheFirstOfEachAndThenTheSecond() throws IOException {
    protect("a", 4);
    protect("b", 1);
    try (Tokenizer nano = Tokenizers.open(NANO)) {
      List<ProtectedSet> sets = BaseTexts.protection(folder, nano).sets();
      List<String> begin =
          sets.get(0).sequences().stream().map(piece -> nano.decode(piece).strip()).toList();
      assertTrue(begin.get(0).startsWith("a text 0 "), begin::toString);
      assertTrue(begin.get(1).startsWith("a text 1 "), begin::toString);
      assertTrue(begin.get(2).startsWith("a text 2 "), begin::toString);
      assertTrue(begin.size() > 5);
      assertTrue(begin.stream().noneMatch(piece -> piece.startsWith("a text 3 ")));
      assertEquals(
          List.of("a text 3 " + TEXT, "b text 0 " + TEXT),
          BaseTexts.measuring(folder).values().stream().flatMap(List::stream).toList());
      assertTrue(!sets.get(1).sequences().isEmpty(), "a set of one text is judged by it");
    }
  }

  /** What judges has seen the document of what measures, else. */
  @Test
  void measuring_linesOfOneDocument_lieOnOneSide() throws IOException {
    List<BaseTexts.Line> lines = new ArrayList<>();
    for (String text : List.of("a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3")) {
      lines.add(new BaseTexts.Line("d", text + " " + TEXT, text.substring(0, 1)));
    }
    assertEquals(List.of("c1", "c2"), measured(lines));
    assertEquals(List.of("a1", "a2", "a3", "b1", "b2", "b3"), judging());
    lines.remove(2);
    assertEquals(List.of("c2"), measured(lines));
    lines.remove(4);
    assertEquals(List.of("b1", "b2", "b3"), measured(lines), "all of two documents judge");
    assertEquals(List.of("a1", "a2", "a3", "b1", "b2", "b3"), judging());
    lines.add(0, new BaseTexts.Line("d", "c1 " + TEXT));
    lines.add(0, new BaseTexts.Line("d", "c2 " + TEXT));
    assertEquals(List.of("b1", "b2", "b3"), measured(lines), "one of four documents");
    assertEquals(List.of("c2", "c1", "a1", "a2", "a3"), judging());
  }

  private List<String> measured(List<BaseTexts.Line> lines) throws IOException {
    BaseTexts.write(folder.resolve(BaseTexts.PROTECTED), lines);
    return BaseTexts.measuring(folder).get("d").stream().map(text -> text.substring(0, 2)).toList();
  }

  private List<String> judging() throws IOException {
    try (Tokenizer nano = Tokenizers.open(NANO)) {
      return BaseTexts.protection(folder, nano).sets().get(0).sequences().stream()
          .map(piece -> nano.decode(piece).strip().substring(0, 2))
          .filter(begin -> begin.matches("[abc]\\d"))
          .toList();
    }
  }

  private void protect(String domain, int texts) throws IOException {
    Path file = folder.resolve(BaseTexts.PROTECTED);
    List<BaseTexts.Line> lines = new ArrayList<>(BaseTexts.lines(folder, BaseTexts.PROTECTED));
    for (int i = 0; i < texts; i++) {
      lines.add(new BaseTexts.Line(domain, "%s text %d %s".formatted(domain, i, TEXT)));
    }
    BaseTexts.write(file, lines);
  }

  @Test
  void tokenStream_texts_areEachBehindOneToken() throws IOException {
    List<String> texts = List.of(TEXT, "another");
    try (Tokenizer nano = Tokenizers.open(NANO);
        Tokenizer other = withBos()) {
      int[] expected =
          Stream.of(behindBos(nano.encode(TEXT)), behindBos(nano.encode("another")))
              .flatMapToInt(Arrays::stream)
              .toArray();
      MoeConfig base = MoeConfigs.read(NANO.resolve("config.json"));
      MoeConfig ends = base.withEosTokenId(List.of(-1, base.vocabSize(), 7, 8));
      assertArrayEquals(expected, TokenStream.of(texts, nano, base, Integer.MAX_VALUE));
      assertArrayEquals(expected, TokenStream.of(texts, other, ends, 1L << 31));
      int[] ended = TokenStream.of(texts, nano, ends, Integer.MAX_VALUE);
      assertEquals(7, ended[0], "what ends a text of that base, and not what nano's are behind");
      assertEquals(7, ended[nano.encode(TEXT).length + 1]);
      assertEquals(expected.length, ended.length);
    }
  }

  @Test
  void lines_oneWithoutADomain_isNamed() throws IOException {
    Path file = folder.resolve(BaseTexts.PROTECTED);
    Files.writeString(file, "{\"domain\": \"a\", \"text\": \"b\"}\n{\"text\": \"c\"}\n");
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> BaseTexts.lines(folder, BaseTexts.PROTECTED));
    assertTrue(
        e.getMessage().startsWith("line 2 of " + file + ", expected {\"domain\", \"text\"}: "),
        e::getMessage);
  }

  private Tokenizer withBos() throws IOException {
    Files.copy(NANO.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"add_bos_token\": true, \"bos_token\": \"<|endoftext|>\"}");
    return Tokenizers.open(folder);
  }

  private static int[] behindBos(int[] tokens) {
    int[] all = new int[tokens.length + 1];
    all[0] = BOS;
    System.arraycopy(tokens, 0, all, 1, tokens.length);
    return all;
  }
}
