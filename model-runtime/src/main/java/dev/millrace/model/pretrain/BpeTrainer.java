package dev.millrace.model.pretrain;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Trains a byte-level BPE (Sennrich et al. 2016): again and again the most frequent pair of
 * neighbouring tokens becomes one token. Of equally frequent pairs the one with the smaller ids
 * comes first, so the result depends on the texts alone, not on their order.
 */
public final class BpeTrainer {

  /** What one word of a text is, as of GPT-2's {@code encoder.py}; a merge never crosses words. */
  static final Pattern WORD =
      Pattern.compile(
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          Pattern.UNICODE_CHARACTER_CLASS);

  private final int vocabSize;
  private final List<String> special;
  private final int maxTokenBytes;

  /**
   * @param vocabSize tokens in all: special tokens, 256 bytes and the merged ones
   * @param special tokens that no text makes
   * @param maxTokenBytes the longest token; longer ones would be spent on rows of dashes
   */
  public BpeTrainer(int vocabSize, List<String> special, int maxTokenBytes) {
    if (vocabSize < special.size() + 256) {
      throw new IllegalArgumentException(
          "vocabSize %d, expected at least %d for bytes and special tokens"
              .formatted(vocabSize, special.size() + 256));
    }
    this.vocabSize = vocabSize;
    this.special = List.copyOf(special);
    this.maxTokenBytes = maxTokenBytes;
  }

  /** The vocabulary of the texts; smaller than asked for when no pair is left to merge. */
  public BpeVocabulary train(Iterator<String> texts) {
    BpeMerger merger = new BpeMerger(special, maxTokenBytes);
    countWords(texts).forEach((word, count) -> merger.add(utf8(word), count[0]));
    merger.mergeUpTo(vocabSize);
    return merger.vocabulary();
  }

  private static Map<String, long[]> countWords(Iterator<String> texts) {
    Map<String, long[]> counts = new HashMap<>();
    while (texts.hasNext()) {
      Matcher words = WORD.matcher(texts.next());
      while (words.find()) {
        counts.computeIfAbsent(words.group(), word -> new long[1])[0]++;
      }
    }
    return counts;
  }

  private static byte[] utf8(String word) {
    return word.getBytes(StandardCharsets.UTF_8);
  }
}
