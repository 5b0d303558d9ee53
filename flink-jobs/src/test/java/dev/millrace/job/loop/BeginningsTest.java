package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.wire.Limits;
import java.util.List;
import org.junit.jupiter.api.Test;

class BeginningsTest {

  /** A token a character. */
  private static final Tokenizer CHARACTERS =
      new Tokenizer() {
        @Override
        public int[] encode(String text) {
          return text.codePoints().toArray();
        }

        @Override
        public String decode(int[] tokens) {
          return new String(tokens, 0, tokens.length);
        }

        @Override
        public void close() {}
      };

  @Test
  void of_textBeyondTheContext_endsWithAWholeCharacterWithinIt() {
    Beginnings beginnings = new Beginnings(CHARACTERS, 10);
    String faces = "\uD83D\uDE00".repeat(12);
    assertEquals(
        List.of("0123456789", "012345678", "\uD83D\uDE00".repeat(9)),
        beginnings.of(List.of("0123456789", "012345678901", faces), 3));
  }

  @Test
  void of_textOfMoreBytesThanAPromptMayHave_endsWithinThem() {
    Beginnings beginnings = new Beginnings(CHARACTERS, Integer.MAX_VALUE);
    List<String> found = beginnings.of(List.of("a".repeat(Limits.PROMPT_BYTES + 1)), 1);
    assertEquals(12_288, found.get(0).length());
  }

  @Test
  void of_textsWithoutATokenToPredict_areLeftOutAndTheNextTaken() {
    Beginnings beginnings = new Beginnings(CHARACTERS, 10);
    assertEquals(List.of("ab", "cd"), beginnings.of(List.of("", "a", "ab", "cd", "ef"), 2));
  }
}
