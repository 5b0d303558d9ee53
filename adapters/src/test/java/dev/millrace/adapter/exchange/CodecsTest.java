package dev.millrace.adapter.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CodecsTest {

  private static final Shape SHAPE =
      new Shape(
          List.of(new Shape.Matrix(8, 192), new Shape.Matrix(192, 8), new Shape.Matrix(1, 5)));

  private static float[] update(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] update = new float[SHAPE.size()];
    for (int i = 0; i < update.length; i++) {
      update[i] = (float) (random.nextGaussian() * Math.exp(random.nextGaussian()));
    }
    return update;
  }

  private static double norm(float[] values) {
    return Math.sqrt(
        IntStream.range(0, values.length).mapToDouble(i -> (double) values[i] * values[i]).sum());
  }

  private static double distance(float[] a, float[] b) {
    float[] off = new float[a.length];
    for (int i = 0; i < off.length; i++) {
      off[i] = a[i] - b[i];
    }
    return norm(off);
  }

  @ParameterizedTest
  @ValueSource(strings = {"dense", "int8", "int5", "int4", "sign", "topk:0.05", "lowrank:1"})
  void decode_whatWasEncoded_isNearerThanNothing(String name) {
    Codec codec = Codecs.named(name);
    float[] update = update(1);
    byte[] bytes = codec.encode(update, SHAPE);
    assertArrayEquals(bytes, codec.encode(update, SHAPE));
    assertTrue(distance(update, codec.decode(bytes, SHAPE)) < norm(update));
    assertArrayEquals(
        new float[SHAPE.size()], codec.decode(codec.encode(new float[SHAPE.size()], SHAPE), SHAPE));
  }

  @Test
  void encode_eachCodec_takesTheBytesThatItPromises() {
    int n = SHAPE.size();
    float[] update = update(2);
    assertEquals(4 * n, Codecs.named("dense").encode(update, SHAPE).length);
    assertEquals(n + 2 * 25, Codecs.named("int8").encode(update, SHAPE).length);
    assertEquals((n + 1) / 2 + 2 * 25, Codecs.named("int4").encode(update, SHAPE).length);
    assertEquals((5 * n + 7) / 8 + 2 * 25, Codecs.named("int5").encode(update, SHAPE).length);
    assertEquals((n + 7) / 8 + 2 * 25, Codecs.named("sign").encode(update, SHAPE).length);
    assertEquals(2 * (200 + 200 + 5), Codecs.named("lowrank:1").encode(update, SHAPE).length);
    int topK = Codecs.named("topk:0.05").encode(update, SHAPE).length;
    assertTrue(topK <= 2 + 3 * 154 && topK >= 2 + 2 * 154, topK + " bytes");
  }

  @ParameterizedTest
  @CsvSource({"int8, 127", "int5, 15", "int4, 7"})
  void integers_everyValue_isWithinHalfAStepOfItsBlock(String name, int levels) {
    float[] update = update(3);
    float[] decoded = Codecs.named(name).decode(Codecs.named(name).encode(update, SHAPE), SHAPE);
    for (int from = 0; from < update.length; from += 128) {
      float most = 0;
      for (int i = from; i < Math.min(update.length, from + 128); i++) {
        most = Math.max(most, Math.abs(update[i]));
      }
      for (int i = from; i < Math.min(update.length, from + 128); i++) {
        assertEquals(update[i], decoded[i], 0.505f * most / levels * 1.01f);
      }
    }
  }

  @Test
  void topK_withEqualValues_takesTheGreatestAndOfEqualOnesTheFirst() {
    float[] update = update(4);
    Arrays.fill(update, 100, 400, 1f);
    TopKCodec codec = new TopKCodec(0.05);
    float[] decoded = codec.decode(codec.encode(update, SHAPE), SHAPE);
    List<Integer> expected =
        IntStream.range(0, update.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> -Math.abs(update[i])))
            .limit(154)
            .sorted()
            .toList();
    for (int i = 0; i < update.length; i++) {
      if (!expected.contains(i)) {
        assertEquals(0, decoded[i]);
      }
    }
    assertEquals(154, expected.size());
  }

  @Test
  void lowRank_ofAMatrixOfThatRank_isExactUpToBf16() {
    Shape shape = new Shape(List.of(new Shape.Matrix(30, 40)));
    SplittableRandom random = new SplittableRandom(5);
    double[] left = random.doubles(30).toArray();
    double[] right = random.doubles(40).toArray();
    float[] update = new float[1_200];
    for (int i = 0; i < update.length; i++) {
      update[i] = (float) (left[i / 40] * right[i % 40]);
    }
    float[] decoded = new LowRankCodec(1).decode(new LowRankCodec(1).encode(update, shape), shape);
    assertTrue(distance(update, decoded) < 0.005 * norm(update));
  }

  /** Over many rounds all of an update arrives, whatever a message leaves out. */
  @ParameterizedTest
  @ValueSource(strings = {"int8", "int5", "int4", "sign", "topk:0.05", "lowrank:1"})
  void send_overManyRounds_leavesNothingBehind(String name) {
    Exchange exchange = new Exchange(Codecs.named(name), SHAPE);
    float[] wanted = update(6);
    float[] memory = exchange.noMemory();
    float[] arrived = new float[SHAPE.size()];
    int rounds = 300;
    for (int round = 0; round < rounds; round++) {
      Exchange.Sent sent = exchange.send(List.of(wanted), memory);
      memory = sent.memory();
      float[] got = exchange.receive(sent.message());
      for (int i = 0; i < got.length; i++) {
        arrived[i] += got[i] / rounds;
      }
    }
    assertTrue(distance(wanted, arrived) < 0.25 * norm(wanted), name);
  }

  @Test
  void round_ofTwoProcesses_isTheMeanOfAllTrainersWhereNothingIsLeftOut() {
    Exchange exchange = new Exchange(Codecs.named("dense"), SHAPE);
    List<float[]> updates = List.of(update(1), update(2), update(3), update(4));
    byte[] one = exchange.send(updates.subList(0, 2), exchange.noMemory()).message();
    byte[] two = exchange.send(updates.subList(2, 4), exchange.noMemory()).message();
    List<float[]> both = List.of(exchange.receive(one), exchange.receive(two));
    float[] all = exchange.receive(exchange.send(both, exchange.noMemory()).message());
    for (int i = 0; i < all.length; i++) {
      double sum = 0;
      for (float[] update : updates) {
        sum += update[i];
      }
      assertEquals(sum / 4, all[i], 1e-6 * (1 + Math.abs(sum)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dense", "int8", "int5", "int4", "sign", "topk:0.05", "lowrank:1"})
  void decode_garbage_isRefusedOrIsFinite(String name) {
    Codec codec = Codecs.named(name);
    byte[] good = codec.encode(update(7), SHAPE);
    SplittableRandom random = new SplittableRandom(8);
    List<byte[]> bad = new ArrayList<>();
    bad.add(new byte[0]);
    bad.add(Arrays.copyOf(good, good.length - 1));
    bad.add(Arrays.copyOf(good, good.length + 1));
    for (byte[] bytes : bad) {
      assertThrows(InvalidUpdateException.class, () -> codec.decode(bytes, SHAPE));
    }
    for (int i = 0; i < 500; i++) {
      byte[] bytes = good.clone();
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      try {
        for (float value : codec.decode(bytes, SHAPE)) {
          assertTrue(Float.isFinite(value));
        }
      } catch (InvalidUpdateException refused) {
        assertTrue(refused.getMessage().startsWith("an update"));
      }
    }
  }

  @Test
  void named_unknown_saysWhatThereIs() {
    for (String name : List.of("zip", "topk", "topk:x", "topk:0", "lowrank:0", "int8:3", "int2")) {
      assertThrows(IllegalArgumentException.class, () -> Codecs.named(name), name);
    }
  }
}
