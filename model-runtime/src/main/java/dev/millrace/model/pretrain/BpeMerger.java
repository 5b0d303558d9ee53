package dev.millrace.model.pretrain;

import static java.util.Comparator.comparingLong;

import dev.millrace.model.pretrain.BpeVocabulary.Merge;
import dev.millrace.model.text.ByteLevel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The words of a text as token ids, and how often each pair of neighbours occurs in them. A merge
 * touches only the words that hold its pair.
 */
final class BpeMerger {

  /** A pair that had this count when it was queued; old entries are told by their count. */
  private record Candidate(long pair, long count) {}

  /** How often a pair occurs, and the words that hold it or once did. */
  private static final class Occurrences {
    private final long pair;
    private long count;
    private long queuedCount;
    private boolean touched;
    private int[] words = new int[2];
    private int size;

    Occurrences(long pair) {
      this.pair = pair;
    }

    void addWord(int word) {
      if (size > 0 && words[size - 1] == word) {
        return;
      }
      if (size == words.length) {
        words = Arrays.copyOf(words, 2 * size);
      }
      words[size++] = word;
    }
  }

  private static final int MIN_COUNT = 2;

  private final List<String> special;
  private final int maxTokenBytes;
  private final List<String> tokens = new ArrayList<>();
  private final Map<String, Integer> ids = new HashMap<>();
  private final List<Merge> merges = new ArrayList<>();
  private final List<int[]> words = new ArrayList<>();
  private final List<Long> counts = new ArrayList<>();
  private final Map<Long, Occurrences> pairs = new HashMap<>();
  private final PriorityQueue<Candidate> queue =
      new PriorityQueue<>(
          comparingLong(Candidate::count).reversed().thenComparingLong(Candidate::pair));
  private final List<Occurrences> touched = new ArrayList<>();

  BpeMerger(List<String> special, int maxTokenBytes) {
    this.special = special;
    this.maxTokenBytes = maxTokenBytes;
    special.forEach(this::addToken);
    for (int value = 0; value < 256; value++) {
      addToken(String.valueOf(ByteLevel.character((byte) value)));
    }
  }

  private void addToken(String token) {
    if (ids.putIfAbsent(token, tokens.size()) != null) {
      throw new IllegalArgumentException("token '%s' twice".formatted(token));
    }
    tokens.add(token);
  }

  private int idOf(String token) {
    Integer id = ids.get(token);
    if (id != null) {
      return id;
    }
    addToken(token);
    return tokens.size() - 1;
  }

  /** Adds a word that occurs so often. */
  void add(byte[] word, long count) {
    int[] ids = new int[word.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = special.size() + (word[i] & 0xFF);
    }
    words.add(ids);
    counts.add(count);
    int index = words.size() - 1;
    for (int i = 0; i + 1 < ids.length; i++) {
      count(pair(ids[i], ids[i + 1]), count).addWord(index);
    }
  }

  void mergeUpTo(int vocabSize) {
    queueTouched();
    while (tokens.size() < vocabSize) {
      Candidate best = queue.poll();
      if (best == null || best.count() < MIN_COUNT) {
        return;
      }
      Occurrences occurrences = current(best);
      if (occurrences != null && mergeable(best.pair())) {
        merge(best.pair(), occurrences);
        queueTouched();
      }
    }
  }

  private @Nullable Occurrences current(Candidate candidate) {
    Occurrences occurrences = pairs.get(candidate.pair());
    return occurrences != null && occurrences.count == candidate.count() ? occurrences : null;
  }

  /** Not too long, and not what a special token looks like. */
  private boolean mergeable(long pair) {
    String merged = tokens.get(left(pair)) + tokens.get(right(pair));
    return merged.length() <= maxTokenBytes && !special.contains(merged);
  }

  /** Another pair may have made the same token before. */
  private void merge(long pair, Occurrences occurrences) {
    Merge merge = new Merge(tokens.get(left(pair)), tokens.get(right(pair)));
    merges.add(merge);
    int id = idOf(merge.left() + merge.right());
    for (int i = 0; i < occurrences.size; i++) {
      mergeIn(occurrences.words[i], pair, id);
    }
    pairs.remove(pair);
  }

  /** Only a pair with the new token can be new to the word. */
  private void mergeIn(int index, long pair, int id) {
    int[] before = words.get(index);
    int[] after = replaced(before, pair, id);
    if (after.length == before.length) {
      return; // an earlier merge took the pair away
    }
    long count = counts.get(index);
    for (int i = 0; i + 1 < before.length; i++) {
      count(pair(before[i], before[i + 1]), -count);
    }
    for (int i = 0; i + 1 < after.length; i++) {
      Occurrences occurrences = count(pair(after[i], after[i + 1]), count);
      if (after[i] == id || after[i + 1] == id) {
        occurrences.addWord(index);
      }
    }
    words.set(index, after);
  }

  private static int[] replaced(int[] word, long pair, int id) {
    int[] merged = new int[word.length];
    int length = 0;
    for (int i = 0; i < word.length; i++) {
      boolean match = i + 1 < word.length && pair(word[i], word[i + 1]) == pair;
      merged[length++] = match ? id : word[i];
      i += match ? 1 : 0;
    }
    return Arrays.copyOf(merged, length);
  }

  private Occurrences count(long pair, long change) {
    Occurrences occurrences = pairs.computeIfAbsent(pair, Occurrences::new);
    occurrences.count += change;
    if (!occurrences.touched) {
      occurrences.touched = true;
      touched.add(occurrences);
    }
    return occurrences;
  }

  private void queueTouched() {
    for (Occurrences occurrences : touched) {
      occurrences.touched = false;
      if (occurrences.count != occurrences.queuedCount) {
        occurrences.queuedCount = occurrences.count;
        queue.add(new Candidate(occurrences.pair, occurrences.count));
      }
    }
    touched.clear();
  }

  BpeVocabulary vocabulary() {
    return new BpeVocabulary(special, tokens, merges);
  }

  /** A prime above any id, so that the hash codes of pairs do not fall together. */
  private static final long BASE = 1_000_003;

  private static long pair(int left, int right) {
    return left * BASE + right;
  }

  private static int left(long pair) {
    return (int) (pair / BASE);
  }

  private static int right(long pair) {
    return (int) (pair % BASE);
  }
}
