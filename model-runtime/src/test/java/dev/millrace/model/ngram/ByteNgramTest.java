package dev.millrace.model.ngram;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ByteNgramTest {

  /** Short texts over few bytes, 0 and 255 among them, so that contexts recur and grams collide. */
  private static List<byte[]> texts(long seed, int count) {
    Random random = new Random(seed);
    byte[] alphabet = {0, (byte) 0xFF, 'a', 'b', ' ', (byte) 0xC3};
    List<byte[]> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] text = new byte[random.nextInt(40)];
      for (int j = 0; j < text.length; j++) {
        text[j] = alphabet[Math.min(random.nextInt(6), random.nextInt(6))];
      }
      texts.add(text);
    }
    return texts;
  }

  @Test
  void bits_smallTexts_areTheNaiveOnes() {
    List<byte[]> train = texts(1, 200);
    ByteNgram model = ByteNgram.train(train);
    NaiveNgram naive = new NaiveNgram(train);
    for (byte[] text : texts(2, 100)) {
      for (int skip = 0; skip < 4; skip++) {
        assertEquals(naive.bits(text, skip), model.bits(text, skip), 1e-9);
      }
    }
  }

  @Test
  void bits_allNextBytes_areADistribution() {
    ByteNgram model = ByteNgram.train(texts(3, 100));
    for (byte[] context : texts(4, 20)) {
      double sum = 0;
      byte[] text = Arrays.copyOf(context, context.length + 1);
      for (int next = 0; next < 256; next++) {
        text[context.length] = (byte) next;
        sum += Math.pow(2, -model.bits(text, context.length));
      }
      assertEquals(1, sum, 1e-9);
    }
  }

  @Test
  void bits_untrained_areEightAByte() {
    assertEquals(8 * 8, ByteNgram.train(List.of()).bits("any text".getBytes(UTF_8), 0), 1e-11);
  }

  @Test
  void bits_ofATextItSaw_areFewerThanOfAnother() {
    String seen = "the quick brown fox jumps over the lazy dog. ".repeat(3);
    ByteNgram model = ByteNgram.train(List.of(seen.getBytes(UTF_8)));
    byte[] different = "Completely DIFFERENT words, 12345".getBytes(UTF_8);
    double own = model.bits(seen.getBytes(UTF_8), 1) / (seen.length() - 1);
    double other = model.bits(different, 1) / (different.length - 1);
    assertTrue(own < 1.5 && other > 4, own + " and " + other);
  }

  /** The definition, with strings as keys and every order counted on its own. */
  private static final class NaiveNgram {

    private final Map<String, Map<Byte, Integer>> next = new HashMap<>();

    NaiveNgram(List<byte[]> texts) {
      for (byte[] text : texts) {
        for (int i = 0; i < text.length; i++) {
          for (int length = 0; length <= Math.min(i, 5); length++) {
            next.computeIfAbsent(context(text, i, length), c -> new HashMap<>())
                .merge(text[i], 1, Integer::sum);
          }
        }
      }
    }

    private static String context(byte[] text, int at, int length) {
      return Arrays.toString(Arrays.copyOfRange(text, at - length, at));
    }

    double bits(byte[] text, int skip) {
      double bits = 0;
      for (int i = skip; i < text.length; i++) {
        bits -= Math.log(probability(text, i, Math.min(i, 5))) / Math.log(2);
      }
      return bits;
    }

    private double probability(byte[] text, int at, int length) {
      double shorter = length == 0 ? 1 / 256.0 : probability(text, at, length - 1);
      Map<Byte, Integer> seen = next.getOrDefault(context(text, at, length), Map.of());
      int total = seen.values().stream().mapToInt(Integer::intValue).sum();
      int different = seen.size();
      return total == 0
          ? shorter
          : (seen.getOrDefault(text[at], 0) + different * shorter) / (total + different);
    }
  }
}
