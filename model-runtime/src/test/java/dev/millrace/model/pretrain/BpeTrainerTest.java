package dev.millrace.model.pretrain;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.millrace.model.pretrain.BpeVocabulary.Merge;
import dev.millrace.model.text.ByteLevel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpeTrainerTest {

  private static final String END = "<|endoftext|>";
  private static final List<String> TEXTS =
      List.of(
          "the cat sat on the mat; the other cat, that one, sat on the hat\n    return the cat\n",
          "public static int count(int[] values) {\n    return values.length;\n  }\n--------------\n",
          "naïve café — Привет, как дела? 你好，世界 1234 5678   \t\n\n x = y * 10_000\n",
          "it's we'll they've I'm he'd you're don't ☃ 🎉🎉🎉");

  @TempDir static Path folder;
  private static BpeVocabulary vocabulary;
  private static Path file;

  @BeforeAll
  static void train() throws Exception {
    vocabulary = trained(TEXTS, 340);
    file = folder.resolve("tokenizer.json");
    vocabulary.write(file);
  }

  private static BpeVocabulary trained(List<String> texts, int vocabSize) {
    return new BpeTrainer(vocabSize, List.of(END), 16).train(texts.iterator());
  }

  @Test
  void train_tinyText_mergesTheMostFrequentPairFirst() {
    BpeVocabulary tiny = trained(List.of("abab abab"), 259);
    assertEquals(List.of(new Merge("a", "b"), new Merge("ab", "ab")), tiny.merges());
    assertEquals(List.of("ab", "abab"), tiny.tokens().subList(257, 259));
    assertEquals(END, tiny.tokens().get(0));
  }

  @Test
  void train_anyOrderOfTexts_isTheSameVocabulary() {
    List<String> reversed = new ArrayList<>(TEXTS);
    Collections.reverse(reversed);
    assertEquals(vocabulary, trained(reversed, 340));
  }

  @Test
  void train_nothingLeftToMerge_isSmaller() {
    assertEquals(258, trained(List.of("ab ab"), 300).tokens().size());
  }

  @Test
  void train_rowOfDashes_makesNoTokenLongerThanAllowed() {
    vocabulary.tokens().stream().skip(1).forEach(token -> assertTrue(token.length() <= 16, token));
  }

  @Test
  void train_smallTexts_isTheNaiveResult() {
    List<Merge> merges = vocabulary.merges();
    assertTrue(merges.size() >= 40, merges.size() + " merges");
    assertEquals(naiveMerges(TEXTS, merges.size()), merges);
  }

  @Test
  void new_tooSmallVocabulary_saysTheLeast() {
    var e =
        assertThrows(IllegalArgumentException.class, () -> new BpeTrainer(256, List.of(END), 16));
    assertTrue(e.getMessage().contains("257"), e.getMessage());
  }

  @Test
  void write_loadedByHuggingFace_encodesAsTheMergesSay() throws Exception {
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(file)) {
      for (String text : texts()) {
        assertArrayEquals(naiveEncode(text), tokenizer.encode(text, false, false).getIds(), text);
      }
    }
  }

  @Test
  void write_loadedByHuggingFace_roundTripsAnyText() throws Exception {
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(file)) {
      for (String text : texts()) {
        assertEquals(text, tokenizer.decode(tokenizer.encode(text, false, false).getIds(), false));
      }
    }
  }

  @Test
  void write_loadedByHuggingFace_knowsTheSpecialToken() throws Exception {
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(file)) {
      assertArrayEquals(new long[] {0}, tokenizer.encode(END, false, false).getIds());
    }
  }

  private static List<String> texts() {
    List<String> texts = new ArrayList<>(TEXTS);
    Random random = new Random(7);
    for (int i = 0; i < 200; i++) {
      StringBuilder text = new StringBuilder();
      random.ints(60, 0, 8).forEach(kind -> text.appendCodePoint(codePoint(kind, random)));
      texts.add(text.toString());
    }
    return texts;
  }

  private static int codePoint(int kind, Random random) {
    return switch (kind) {
      case 0 -> random.nextInt(0x20);
      case 1 -> ' ';
      case 2 -> 0x80 + random.nextInt(0x180);
      case 3 -> 0x4E00 + random.nextInt(0x1000);
      case 4 -> 0x1F300 + random.nextInt(0x200);
      case 5 -> 0x2000 + random.nextInt(0x70);
      default -> 0x20 + random.nextInt(0x5F);
    };
  }

  private static long[] naiveEncode(String text) {
    List<Long> ids = new ArrayList<>();
    Matcher words = BpeTrainer.WORD.matcher(text);
    while (words.find()) {
      List<String> symbols = symbols(words.group());
      for (Merge merge : vocabulary.merges()) {
        symbols = merged(symbols, merge);
      }
      symbols.forEach(symbol -> ids.add((long) vocabulary.tokens().indexOf(symbol)));
    }
    return ids.stream().mapToLong(Long::longValue).toArray();
  }

  private static List<Merge> naiveMerges(List<String> texts, int count) {
    List<List<String>> words = new ArrayList<>();
    for (String text : texts) {
      BpeTrainer.WORD.matcher(text).results().forEach(word -> words.add(symbols(word.group())));
    }
    Map<String, Integer> ids = new HashMap<>();
    for (int value = 0; value < 256; value++) {
      ids.put(String.valueOf(ByteLevel.character((byte) value)), value);
    }
    List<Merge> merges = new ArrayList<>();
    while (merges.size() < count) {
      Merge best = mostFrequent(words, ids);
      merges.add(best);
      ids.putIfAbsent(best.left() + best.right(), ids.size());
      words.replaceAll(word -> merged(word, best));
    }
    return merges;
  }

  private static Merge mostFrequent(List<List<String>> words, Map<String, Integer> ids) {
    Map<Long, Integer> counts = new TreeMap<>();
    Map<Long, Merge> pairs = new HashMap<>();
    for (List<String> word : words) {
      for (int i = 0; i + 1 < word.size(); i++) {
        Merge pair = new Merge(word.get(i), word.get(i + 1));
        if (pair.left().length() + pair.right().length() <= 16) {
          long key = ids.get(pair.left()) * 10_000L + ids.get(pair.right());
          counts.merge(key, 1, Integer::sum);
          pairs.put(key, pair);
        }
      }
    }
    long best = -1;
    for (var count : counts.entrySet()) {
      if (best < 0 || count.getValue() > counts.get(best)) {
        best = count.getKey();
      }
    }
    return pairs.get(best);
  }

  private static List<String> symbols(String word) {
    List<String> symbols = new ArrayList<>();
    for (byte value : word.getBytes(UTF_8)) {
      symbols.add(String.valueOf(ByteLevel.character(value)));
    }
    return symbols;
  }

  private static List<String> merged(List<String> symbols, Merge merge) {
    List<String> merged = new ArrayList<>();
    for (int i = 0; i < symbols.size(); i++) {
      boolean match =
          i + 1 < symbols.size()
              && symbols.get(i).equals(merge.left())
              && symbols.get(i + 1).equals(merge.right());
      merged.add(match ? merge.left() + merge.right() : symbols.get(i));
      i += match ? 1 : 0;
    }
    return merged;
  }
}
