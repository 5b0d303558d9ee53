package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.corpus.TokenStream;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    try (Tokenizer nano = Tokenizers.open(NANO.resolve("tokenizer.json"));
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

  @Test
  void tokenStream_texts_areEachBehindOneToken() throws IOException {
    List<String> texts = List.of(TEXT, "another");
    try (Tokenizer nano = Tokenizers.open(NANO.resolve("tokenizer.json"));
        Tokenizer other = withBos()) {
      int[] expected =
          Stream.of(behindBos(nano.encode(TEXT)), behindBos(nano.encode("another")))
              .flatMapToInt(Arrays::stream)
              .toArray();
      assertArrayEquals(expected, TokenStream.of(texts, nano, Integer.MAX_VALUE));
      assertArrayEquals(expected, TokenStream.of(texts, other, Integer.MAX_VALUE));
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
    Path file = folder.resolve("tokenizer.json");
    Files.copy(NANO.resolve("tokenizer.json"), file);
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"add_bos_token\": true, \"bos_token\": \"<|endoftext|>\"}");
    return Tokenizers.open(file);
  }

  private static int[] behindBos(int[] tokens) {
    int[] all = new int[tokens.length + 1];
    all[0] = BOS;
    System.arraycopy(tokens, 0, all, 1, tokens.length);
    return all;
  }
}
