package dev.millrace.job.loop;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.serve.ServeLimits;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.wire.Limits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Texts as a base can be asked about them: what goes beyond its context is left off, and a text
 * without a token to predict is left out.
 *
 * @param most tokens
 */
record Beginnings(Tokenizer tokenizer, int most) {

  /** The first is context, the second is predicted. */
  private static final int LEAST = 2;

  /** As the base in a folder can be asked. */
  static Beginnings within(Path base, Tokenizer tokenizer) throws IOException {
    int positions = MoeConfigs.read(base.resolve("config.json")).maxPositionEmbeddings();
    return new Beginnings(tokenizer, Math.min(positions, ServeLimits.defaults().contextTokens()));
  }

  /** Of the first texts that there are, so many at most. */
  List<String> of(List<String> texts, int count) {
    return texts.stream()
        .map(this::of)
        .filter(text -> tokenizer.encode(text).length >= LEAST)
        .limit(count)
        .toList();
  }

  private String of(String text) {
    String beginning = text;
    while (!fits(beginning)) {
      int characters = beginning.codePointCount(0, beginning.length());
      beginning = beginning.substring(0, beginning.offsetByCodePoints(0, characters * 3 / 4));
    }
    return beginning;
  }

  private boolean fits(String text) {
    return text.getBytes(UTF_8).length <= Limits.PROMPT_BYTES
        && tokenizer.encode(text).length <= most;
  }
}
