package dev.millrace.model.score;

import dev.millrace.model.text.Tokenizer;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * The tokens of a text that are scored and learned: its beginning.
 *
 * @param most tokens of a sample, at most
 */
public record SampleTokens(Tokenizer tokenizer, int most) {

  /** No token of a natural text is longer than this on average. */
  private static final int CHARS_PER_TOKEN = 16;

  /** Some decoders make one of each byte that is left. Further ones stand in the text. */
  private static final Pattern CUT_CHARACTER = Pattern.compile("\uFFFD{1,3}\\z");

  public int[] of(String text) {
    int end = Math.min(text.length(), CHARS_PER_TOKEN * most);
    if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
      end--;
    }
    int[] tokens = tokenizer.encode(text.substring(0, end));
    return Arrays.copyOf(tokens, Math.min(tokens.length, most));
  }

  /** What of a text is scored and learned. */
  public String said(String text) {
    return said(text, of(text));
  }

  /** What of a text its tokens say: all of it, or a beginning of whole characters. */
  String said(String text, int[] tokens) {
    return tokens.length < most && text.length() <= CHARS_PER_TOKEN * most
        ? text
        : CUT_CHARACTER.matcher(tokenizer.decode(tokens)).replaceFirst("");
  }
}
