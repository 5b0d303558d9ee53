package dev.millrace.model.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;

/** Hostile files meet InvalidWeightsException and nothing else, at a bounded cost of memory. */
@Tag("fuzz")
class SafetensorsFuzzTest {
  private static final long MEMORY = 64L << 20;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final byte[] VALID =
      new SafetensorsWriter()
          .metadata("format", "pt")
          .add("a.weight", DType.F32, new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
          .add("b.weight", DType.BF16, new float[] {1, 2, 3, 4}, 4)
          .add("c.weight", DType.F32, new float[0], 0, 7)
          .toBytes();
  private static final int HEADER_END = 8 + VALID[0] + 256 * VALID[1];

  @Example
  void parse_cutAtAnyLength_isRefused() {
    for (int length = 0; length < VALID.length; length++) {
      byte[] cut = Arrays.copyOf(VALID, length);
      assertThrows(InvalidWeightsException.class, () -> Safetensors.parse(cut), "at " + length);
    }
  }

  @Example
  void parse_anyByteOfTheHeaderChanged_isRefusedOrRead() {
    for (int at = 0; at < HEADER_END; at++) {
      for (int value = 0; value < 256; value += 3) {
        byte[] changed = VALID.clone();
        changed[at] = (byte) value;
        readOrRefuse(changed);
      }
    }
  }

  @Property
  void parse_manyBytesChanged_isRefusedOrRead(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] changed = Arrays.copyOf(VALID, VALID.length + Math.max(0, random.nextInt(20) - 15));
    for (int i = random.nextInt(8); i >= 0; i--) {
      int at = random.nextInt(random.nextBoolean() ? 8 : changed.length);
      changed[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : '0' + random.nextInt(80));
    }
    readOrRefuse(changed);
  }

  @Property
  void parse_piecesOfHeadersInAnyOrder_isRefusedOrRead(@ForAll("headers") String header) {
    readOrRefuse(SafetensorsTest.file(header, 8));
  }

  @Provide
  Arbitrary<String> headers() {
    return Arbitraries.of(
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            " ",
            "null",
            "true",
            "0",
            "4",
            "8",
            "-1",
            "1e3",
            "9223372036854775807",
            "18446744073709551616",
            "\"a\":",
            "\"b\":",
            "\"dtype\":\"U8\"",
            "\"dtype\":\"F32\"",
            "\"shape\":[8]",
            "\"shape\":[2,0]",
            "\"shape\":[2]",
            "\"data_offsets\":[0,8]",
            "\"data_offsets\":[8,8]",
            "\"data_offsets\":[4,8]",
            "\"__metadata__\":{",
            "\"k\":\"v\"",
            "\\ud800",
            "\u0000",
            "é",
            "\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}")
        .list()
        .ofMaxSize(20)
        .map(pieces -> "{" + String.join("", pieces));
  }

  @Property
  void parse_anyLayout_isReadIffItTilesTheData(
      @ForAll("offsets") List<Integer> begins, @ForAll("offsets") List<Integer> ends) {
    int n = Math.min(begins.size(), ends.size());
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < n; i++) {
      header.append(
          "%s\"t%d\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[%d,%d]}"
              .formatted(
                  i == 0 ? "" : ",",
                  i,
                  Math.max(0, ends.get(i) - begins.get(i)),
                  begins.get(i),
                  ends.get(i)));
    }
    assertEquals(
        tiles(begins.subList(0, n), ends.subList(0, n), 6),
        readOrRefuse(SafetensorsTest.file(header.append("}").toString(), 6)));
  }

  @Provide
  Arbitrary<List<Integer>> offsets() {
    return Arbitraries.integers().between(0, 6).list().ofMinSize(1).ofMaxSize(4);
  }

  /** The naive rule: every byte in exactly one tensor, and no empty one inside another. */
  private static boolean tiles(List<Integer> begins, List<Integer> ends, int size) {
    int[] covered = new int[size];
    for (int i = 0; i < begins.size(); i++) {
      if (begins.get(i) > ends.get(i)) {
        return false;
      }
      for (int at = begins.get(i); at < ends.get(i); at++) {
        covered[at]++;
      }
      for (int j = 0; j < begins.size(); j++) {
        if (begins.get(j) < begins.get(i) && begins.get(i) < ends.get(j)) {
          return false;
        }
      }
    }
    return Arrays.stream(covered).allMatch(count -> count == 1);
  }

  @Example
  void parse_bombs_areRefused() {
    int most = Header.SMALL_BYTES;
    String entry = "\":{\"dtype\":\"F32\",\"shape\":[";
    for (String bomb :
        List.of(
            "{\"a" + entry + "4611686018427387904],\"data_offsets\":[0,0]}}",
            "{\"a" + entry + "1099511627776],\"data_offsets\":[0,4398046511104]}}",
            "{\"a" + entry + "0,9223372036854775807,9223372036854775807],\"data_offsets\":[0,0]}}",
            "{\"a" + entry + "1,".repeat(most / 2 - 50) + "1],\"data_offsets\":[0,8]}}",
            "{\"a" + entry + "1".repeat(most - 100) + "],\"data_offsets\":[0,8]}}",
            "{" + "\"a\":{".repeat(most / 5 - 1),
            "[".repeat(most),
            "{\"" + "a".repeat(most - 100) + entry + "2],\"data_offsets\":[0,8]}}",
            "{\"a\":{\"dtype\":\"" + "F".repeat(most - 100) + "\"}}",
            "{\"a\":{\"" + "d".repeat(most - 100) + "\":1}}",
            ("{\"" + "a".repeat(most / 2 - 100) + "\":1,")
                + ("\"" + "a".repeat(most / 2 - 100) + "\":1}"),
            "{\"" + "a".repeat(most - 10),
            "{\"__metadata__\":{" + "\"k\":\"\",".repeat(most / 7 - 3),
            "{\"a\":" + "1".repeat(most - 10))) {
      assertEquals(false, readOrRefuse(SafetensorsTest.file(bomb, 8)), bomb.substring(0, 30));
    }
  }

  @Example
  void parse_asManyTensorsAsFit_areRead() {
    StringBuilder header =
        new StringBuilder("{\"x\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}");
    for (int i = 0; header.length() < Header.SMALL_BYTES - 100; i++) {
      header.append(",\"%d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[8,8]}".formatted(i));
    }
    assertTrue(readOrRefuse(SafetensorsTest.file(header.append('}').toString(), 8)));
  }

  @Example
  void parse_headerOfAShard_takesLessThanTwiceTheFile() {
    SafetensorsWriter shard = new SafetensorsWriter();
    for (int i = 0; i < 12_000; i++) {
      shard.addRaw(
          "model.layers.%d.mlp.experts.weight".formatted(i), DType.U8, new byte[1024], 1024);
    }
    byte[] file = shard.toBytes();
    long before = THREADS.getCurrentThreadAllocatedBytes();
    assertEquals(12_000, Safetensors.parse(file).tensors().size());
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < 2L * file.length, () -> allocated + " bytes for " + file.length);
  }

  /** True if it was read, false if it was refused; everything else fails. */
  private static boolean readOrRefuse(byte[] file) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    try {
      Safetensors.parse(file).tensors().values().forEach(SafetensorsFuzzTest::readValues);
      return true;
    } catch (InvalidWeightsException e) {
      assertTrue(e.getMessage().length() < 2_000, e::getMessage);
      return false;
    } finally {
      long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
      assertTrue(allocated < MEMORY, () -> allocated + " bytes for " + describe(file));
    }
  }

  private static void readValues(Tensor tensor) {
    assertEquals(tensor.size(), tensor.data().remaining());
    if (tensor.dtype() == DType.F32 || tensor.dtype() == DType.BF16) {
      assertEquals(tensor.elements(), tensor.floats().length);
    }
  }

  private static String describe(byte[] file) {
    long length = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return "a header of %d bytes: %s"
        .formatted(
            length, new String(file, 8, Math.min(200, file.length - 8), StandardCharsets.UTF_8));
  }
}
