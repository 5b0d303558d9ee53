package dev.millrace.job.bench.serve;

import dev.millrace.job.BaseTexts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Questions as people ask them: beginnings of real texts, asked by Zipf's law, each time in another
 * wording that means the same.
 */
final class SimilarQuestions {

  private static final int QUESTIONS = 200;
  private static final int WORDS = 24;
  private static final double ZIPF = 0.9;

  private static final Map<String, String> SYNONYMS =
      Map.ofEntries(
          Map.entry("shall", "must"),
          Map.entry("must", "shall"),
          Map.entry("large", "big"),
          Map.entry("small", "little"),
          Map.entry("begin", "start"),
          Map.entry("end", "finish"),
          Map.entry("use", "employ"),
          Map.entry("used", "employed"),
          Map.entry("get", "obtain"),
          Map.entry("returns", "gives"),
          Map.entry("return", "give"),
          Map.entry("the", "a"),
          Map.entry("this", "that"),
          Map.entry("or", "and"));

  private SimilarQuestions() {}

  /** So many questions one after the other, from the texts that nano carries. */
  static List<String> draw(Path nano, int count, long seed) throws IOException {
    List<String> texts = beginnings(nano, seed);
    int[] asked = new DriftingZipf(ZIPF).draw(count, texts.size(), 0, seed);
    Random random = new Random(seed);
    return Arrays.stream(asked).mapToObj(q -> reworded(texts.get(q), random)).toList();
  }

  private static List<String> beginnings(Path nano, long seed) throws IOException {
    List<String> texts = new ArrayList<>();
    for (String file : List.of(BaseTexts.PROTECTED, BaseTexts.ANCHORS)) {
      for (BaseTexts.Line line : BaseTexts.lines(nano, file)) {
        String[] words = line.text().strip().split("\\s+");
        if (words.length > 2 * WORDS) {
          texts.add(String.join(" ", Arrays.copyOf(words, WORDS)));
        }
      }
    }
    if (texts.size() < QUESTIONS) {
      throw new IllegalArgumentException(
          texts.size() + " texts in " + nano + ", expected at least " + QUESTIONS);
    }
    Collections.shuffle(texts, new Random(seed));
    return List.copyOf(texts.subList(0, QUESTIONS));
  }

  /** As it stands, or with one thing other than before. */
  private static String reworded(String text, Random random) {
    List<String> words = new ArrayList<>(List.of(text.split(" ")));
    int at = random.nextInt(words.size() - 1);
    String word = words.get(at);
    switch (random.nextInt(7)) {
      case 0 -> words.remove(0);
      case 1 -> words.remove(words.size() - 1);
      case 2 -> words.set(at, capitals(word));
      case 3 -> words.set(at, word + " "); // two blanks
      case 4 ->
          words.set(at, word.endsWith(",") ? word.substring(0, word.length() - 1) : word + ",");
      case 5 -> synonym(words, at);
      default -> {}
    }
    return String.join(" ", words);
  }

  private static String capitals(String word) {
    String first = word.substring(0, 1);
    String upper = first.toUpperCase(Locale.ROOT);
    return (first.equals(upper) ? first.toLowerCase(Locale.ROOT) : upper) + word.substring(1);
  }

  /** Puts one in place of the first word that has one, from there on. */
  private static void synonym(List<String> words, int from) {
    for (int i = 0; i < words.size(); i++) {
      int at = (from + i) % words.size();
      @Nullable String synonym = SYNONYMS.get(words.get(at));
      if (synonym != null) {
        words.set(at, synonym);
        return;
      }
    }
  }
}
