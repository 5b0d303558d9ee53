package dev.millrace.model.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/olmoe-tiny");

  @Test
  void open_fileOfHuggingFace_readsEveryTensor() throws IOException {
    try (Safetensors file = Safetensors.open(GOLDEN.resolve("expected.safetensors"))) {
      assertEquals(
          List.of("greedy_output", "greedy_prompt", "input_ids", "logits", "next_token_logprobs"),
          List.copyOf(file.tensors().keySet()));
      assertEquals(2 * 24 * 320, file.tensor("logits").require(2, 24, 320).floats().length);
      for (long token : file.tensor("input_ids").require(2, 24).integers()) {
        assertTrue(token >= 0 && token < 320, () -> "token " + token);
      }
    }
  }

  @Test
  void open_folder_leavesNothingOpen(@TempDir Path folder) throws IOException {
    Path here = Path.of("/proc/self/fd");
    assumeTrue(Files.exists(here));
    assertThrows(UncheckedIOException.class, () -> Safetensors.open(folder));
    for (Path open : opened(here)) {
      assertNotEquals(folder.toRealPath(), open);
    }
  }

  private static List<Path> opened(Path descriptors) throws IOException {
    List<Path> opened = new ArrayList<>();
    try (Stream<Path> all = Files.list(descriptors)) {
      for (Path one : all.toList()) {
        if (Files.exists(one)) {
          opened.add(Files.readSymbolicLink(one));
        }
      }
    }
    return opened;
  }

  @ParameterizedTest
  @ValueSource(strings = {"model", "adapter/adapter_model"})
  void toBytes_tensorsOfHuggingFace_areItsBytes(String name) throws IOException {
    Path path = GOLDEN.resolve(name + ".safetensors");
    try (Safetensors file = Safetensors.open(path)) {
      SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
      List<Tensor> backwards = new ArrayList<>(file.tensors().values());
      Collections.reverse(backwards);
      backwards.forEach(writer::add);

      assertArrayEquals(Files.readAllBytes(path), writer.toBytes());
    }
  }

  @Test
  void write_floats_roundTrip(@TempDir Path folder) throws IOException {
    float[] values = {0f, -0f, 1.5f, Float.MIN_VALUE, -Float.MAX_VALUE, 3.1415927f};
    Path path = folder.resolve("t.safetensors");
    new SafetensorsWriter()
        .add("a", DType.F32, values, 2, 3)
        .add("b", DType.BF16, values, 6)
        .metadata("k", "v")
        .write(path);

    try (Safetensors file = Safetensors.open(path)) {
      assertArrayEquals(values, file.tensor("a").require(2, 3).floats());
      float[] rounded = file.tensor("b").anyFloats();
      assertEquals(3.140625f, rounded[5]);
      assertEquals(Float.NEGATIVE_INFINITY, rounded[4]);
      assertEquals(Map.of("k", "v"), file.metadata());
    }
    try (var left = Files.list(folder)) {
      assertEquals(List.of(path), left.toList());
    }
  }

  @Test
  void floats_halfPrecision_convertsExactly() {
    short[] bits = {0x0000, (short) 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0x7bff, (short) 0xc000};
    ByteBuffer data = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    data.asShortBuffer().put(bits);
    byte[] file = new SafetensorsWriter().addRaw("h", DType.F16, data.array(), 8).toBytes();

    assertArrayEquals(
        new float[] {0f, -0f, 0x1p-24f, 1023 * 0x1p-24f, 0x1p-14f, 1f, 65504f, -2f},
        Safetensors.parse(file).tensor("h").floats());
  }

  @ParameterizedTest
  @CsvSource({
    "1.00390625, 1.0", // halfway, the even neighbour is below
    "1.01171875, 1.015625", // halfway, the even neighbour is above
    "1.00390637, 1.0078125", // just above halfway
    "-1.00390637, -1.0078125",
  })
  void toBf16_betweenTwoValues_roundsToNearestEven(float value, float expected) {
    assertEquals(expected, HalfFloats.fromBf16(HalfFloats.toBf16(value)));
  }

  @Test
  void floats_infiniteValue_namesTensorAndPlace() {
    byte[] file =
        new SafetensorsWriter()
            .add("w", DType.F32, new float[] {1, Float.POSITIVE_INFINITY}, 2)
            .toBytes();
    Tensor tensor = Safetensors.parse(file).tensor("w");

    assertArrayEquals(new float[] {1, Float.POSITIVE_INFINITY}, tensor.anyFloats());
    InvalidWeightsException e = assertThrows(InvalidWeightsException.class, tensor::floats);
    assertEquals("tensor w: value Infinity at 1, expected finite values", e.getMessage());
  }

  @Test
  void require_otherShape_namesBoth() {
    byte[] file = new SafetensorsWriter().add("w", DType.F32, new float[6], 2, 3).toBytes();
    InvalidWeightsException e =
        assertThrows(
            InvalidWeightsException.class, () -> Safetensors.parse(file).tensor("w").require(3, 2));
    assertEquals("tensor w: shape [2, 3], expected [3, 2]", e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // header | bytes of data | part of the message
        "{} | 1 | file: 1 bytes of data, expected 0",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} | 5 | file: 5 bytes of data",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807],\"data_offsets\":[0,9223372036854775807]}} | 4 | file: 4 bytes of data, expected 9223372036854775807",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}} | 4 | a: data_offsets [4, 0]",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,4]}} | 4 | a: data_offsets",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}} | 4 | a: 4 bytes, expected 8",
        "{\"a\":{\"dtype\":\"F31\",\"shape\":[1],\"data_offsets\":[0,4]}} | 4 | a: dtype F31",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}} | 4 | a: shape holds -1",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}} | 4 | a: shape holds 1.0",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}} | 0 | a: shape [4294967296, 4294967296] overflows",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,0]}} | 0 | header: Numeric value",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}} | 4 | a: a key is missing",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}} | 4 | a: unknown key x",
        "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}} | 1 | Duplicate field 'dtype'",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}} | 1 | Duplicate field 'a'",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}} | 3 | b: begins at 1, expected 2",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}} | 3 | b: begins at 2, expected 1",
        "{\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}} | 1 | invalid name",
        "{\"a b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}} | 1 | invalid name",
        "{\"__metadata__\":{\"k\":1}} | 0 | __metadata__.k: VALUE_NUMBER_INT",
        "{}{} | 0 | header: { after the JSON object",
        "[] | 0 | header: START_ARRAY, expected START_OBJECT",
        "{\"a\" | 0 | header: Unexpected end-of-input",
      })
  void parse_brokenHeader_saysWhy(String header, int data, String message) {
    InvalidWeightsException e =
        assertThrows(
            InvalidWeightsException.class, () -> Safetensors.parse(file(header.strip(), data)));
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, (32 << 20) + 1, Long.MAX_VALUE, -1, Long.MIN_VALUE})
  void parse_headerLengthOutOfBounds_saysWhy(long length) {
    byte[] file = file("{}", 8);
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
    InvalidWeightsException e =
        assertThrows(InvalidWeightsException.class, () -> Safetensors.parse(file));
    assertTrue(e.getMessage().startsWith("header: length "), e::getMessage);
  }

  /** As a copy or a download that was cut off leaves it, or a disk that is full. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 | 8 or more",
        "7 | 8 or more",
        "8 | the 64 of its header alone",
        "63 | the 64 of its header alone",
        "64 | the 72 that its header promises",
        "71 | the 72 that its header promises",
      })
  void open_fileCutShort_saysHowManyBytesItShouldHave(
      int bytes, String expected, @TempDir Path folder) throws IOException {
    byte[] whole = new SafetensorsWriter().add("a", DType.F32, new float[2], 2).toBytes();
    assertEquals(72, whole.length);
    Path file = folder.resolve("model.safetensors");
    Files.write(file, Arrays.copyOf(whole, bytes));
    InvalidWeightsException e =
        assertThrows(InvalidWeightsException.class, () -> Safetensors.open(file));
    assertEquals(
        "model.safetensors: file: cut short: it has %d bytes, expected %s"
            .formatted(bytes, expected),
        e.getMessage());
  }

  /** What a clone without git-lfs leaves in the place of a file. */
  @Test
  void parse_pointerOfGitLfs_saysSo() {
    String pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 12345\n"
            .formatted("0".repeat(64));
    byte[] file = pointer.getBytes(StandardCharsets.UTF_8);
    InvalidWeightsException e =
        assertThrows(InvalidWeightsException.class, () -> Safetensors.parse(file));
    assertEquals(
        "file: a pointer of Git LFS, expected the weights: git lfs pull fetches them",
        e.getMessage());
  }

  @Test
  void parse_longHeaderBesideLittleData_isRefused() {
    byte[] file = file("{}" + " ".repeat(1 << 20), 1 << 20);
    InvalidWeightsException e =
        assertThrows(InvalidWeightsException.class, () -> Safetensors.parse(file));
    assertEquals("header: length 1048578, expected 2 to 1048576", e.getMessage());
  }

  @Test
  void parse_emptyTensors_areWhereTheyFit() {
    byte[] file =
        file(
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[0,5],\"data_offsets\":[4,4]},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}  ",
            4);
    assertArrayEquals(new float[0], Safetensors.parse(file).tensor("a").floats());
    assertArrayEquals(new float[1], Safetensors.parse(file).tensor("b").floats());
  }

  @Test
  void add_sameNameTwice_isRefused() {
    SafetensorsWriter writer = new SafetensorsWriter().add("a", DType.F32, new float[1], 1);
    assertThrows(InvalidWeightsException.class, () -> writer.add("a", DType.F32, new float[1], 1));
  }

  /** A file of this header and so many zero bytes of data. */
  static byte[] file(String header, int data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + data)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .array();
  }
}
