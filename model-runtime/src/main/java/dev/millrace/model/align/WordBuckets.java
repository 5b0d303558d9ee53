package dev.millrace.model.align;

import dev.millrace.model.text.LowerCase;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The words of a text and their groups of three letters, as numbers of buckets (Bojanowski et al.,
 * Enriching Word Vectors with Subword Information, arXiv 1607.04606). {@code arrowLeft}, {@code
 * arrow_left} and {@code Arrow left} are the same words.
 */
public final class WordBuckets {

  public static final int COUNT = 8_192;

  /** Words of a text that are looked at. */
  private static final int MOST_WORDS = 96;

  private static final int GRAM = 3;

  private static final Pattern WORD =
      Pattern.compile("\\p{IsHan}|\\p{Lu}?\\p{Ll}+|\\p{Lu}+(?!\\p{Ll})|\\p{L}+|\\p{N}+");

  private WordBuckets() {}

  /** At most so many words, each with its groups of letters, in the order of the text. */
  public static int[] of(String text) {
    IntStream.Builder buckets = IntStream.builder();
    Matcher words = WORD.matcher(text);
    for (int n = 0; n < MOST_WORDS && words.find(); n++) {
      String word = LowerCase.of(words.group());
      buckets.add(bucket(word));
      String marked = "<" + word + ">";
      for (int i = 0; i + GRAM <= marked.length(); i++) {
        buckets.add(bucket("#" + marked.substring(i, i + GRAM)));
      }
    }
    return buckets.build().toArray();
  }

  /** FNV-1a, folded. */
  private static int bucket(String gram) {
    int hash = 0x811C9DC5;
    for (int i = 0; i < gram.length(); i++) {
      hash = (hash ^ gram.charAt(i)) * 0x01000193;
    }
    return (hash ^ (hash >>> 15)) & (COUNT - 1);
  }
}
