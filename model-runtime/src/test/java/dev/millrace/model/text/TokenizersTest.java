package dev.millrace.model.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.model.config.InvalidConfigException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The file has what files on disk have: truncation, padding, and a special token at the end. */
class TokenizersTest {
  private static final Path FOLDER = Path.of("src/test/resources/text");
  private static final String PREPENDED =
      """
      "normalizer": {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}""";
  private static final String METASPACE =
      """
      "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first",
        "split": false}""";
  private static final int END = 0;
  private static final int PAD = 264;

  private static Tokenizer tokenizer;

  @BeforeAll
  static void open() throws IOException {
    tokenizer = Tokenizers.open(FOLDER);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void encode_text_mergesAsTheFileSays() {
    // 256 bytes from 1 on, then: th, the, Ġthe, in, Ġa, é
    assertArrayEquals(new int[] {258, 259, 261, 262}, tokenizer.encode("the the aé"));
  }

  @Test
  void encode_longText_isNeitherCutNorPadded() {
    assertEquals(500, tokenizer.encode("xy".repeat(250)).length);
    assertEquals(1, tokenizer.encode("x").length);
    assertEquals(0, tokenizer.encode("").length);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "  leading, and trailing  \t\r\n",
        "a\u0000b\u0001\u007f",
        "naïve — Привет, 你好，世界 ☃ 🎉👩‍👩‍👧‍👦 e\u0301 \ufeff\u2028",
        "<|endoftext|>",
        "<<|endoftext|><|endoftext|>|pad|><|pad|><think>",
        "can't won't <unk> [PAD] ▁ Ġ Ċ \uffff",
      })
  void decode_encoded_isTheText(String text) {
    assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
  }

  @Test
  void decode_encodedRandomText_isTheText() {
    Random random = new Random(11);
    for (int i = 0; i < 2_000; i++) {
      int[] points =
          random
              .ints(random.nextInt(40), 0, Character.MAX_CODE_POINT + 1)
              .map(point -> random.nextBoolean() ? point & 0x7f : point)
              .filter(point -> point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE)
              .toArray();
      String text = new String(points, 0, points.length);
      assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
    }
  }

  @Test
  void encode_textThatSpellsASpecialToken_hasNone() {
    for (String text : List.of("a<|endoftext|>b", "<|pad|>", "<|endoftext|><|pad|>")) {
      IntStream ids = Arrays.stream(tokenizer.encode(text));
      assertTrue(ids.noneMatch(id -> id == END || id == PAD), text);
    }
    assertArrayEquals(new int[] {263}, tokenizer.encode("<think>"));
  }

  @Test
  void encode_halfASurrogatePair_isSomeText() {
    assertTrue(tokenizer.encode("a\ud800b").length > 0);
  }

  @Test
  void open_tokenizerOfNano_roundTripsWithinItsVocabulary() throws IOException {
    Path nano = Path.of("../models/nano");
    String text = "public static void main — Привет 你好 🎉\n\tthe <|endoftext|> of it\u0000";
    try (Tokenizer opened = Tokenizers.open(nano)) {
      int[] tokens = opened.encode(text);
      assertTrue(Arrays.stream(tokens).allMatch(id -> id >= 0 && id < 4096));
      assertEquals(text, opened.decode(tokens));
    }
  }

  @Test
  void encode_severalThreads_isTheSame() throws Exception {
    String text = "the inn — naïve <|pad|> 🎉 ".repeat(20);
    int[] expected = tokenizer.encode(text);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<int[]>> results =
          threads.invokeAll(Collections.nCopies(200, () -> tokenizer.encode(text)));
      for (Future<int[]> result : results) {
        assertArrayEquals(expected, result.get());
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void encode_closed_isRefused() throws IOException {
    Tokenizer closed = Tokenizers.open(FOLDER);
    closed.close();
    closed.close();
    assertThrows(IllegalStateException.class, () -> closed.encode("a"));
    assertThrows(IllegalStateException.class, () -> closed.decode(new int[] {1}));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"add_bos_token\": true, \"bos_token\": \"<|endoftext|>\"}",
        "{\"add_bos_token\": true, \"bos_token\": {\"content\": \"<|endoftext|>\", \"lstrip\":"
            + " false}}",
      })
  void encode_configThatAddsABos_beginsWithItOnce(String config, @TempDir Path folder)
      throws IOException {
    try (Tokenizer opened = open(folder, config, "null")) {
      assertArrayEquals(new int[] {END}, opened.bos());
      assertArrayEquals(new int[] {END, 258, 259, 261, 262}, opened.encode("the the aé"));
      assertArrayEquals(new int[] {258, 259, 261, 262}, opened.encodeBehind("the the aé"));
      assertArrayEquals(new int[] {END}, opened.encode(""));
      String spelled = "<|endoftext|>";
      assertEquals(1, Arrays.stream(opened.encode(spelled)).filter(id -> id == END).count());
      assertEquals(spelled, opened.decode(opened.encode(spelled)));
      assertEquals("the", opened.decode(new int[] {258}));
      assertEquals("the<|endoftext|>", opened.decode(new int[] {END, 258, END}));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "%s",
        "{\"type\": \"Sequence\", \"processors\": [{\"type\": \"ByteLevel\", \"add_prefix_space\":"
            + " false, \"trim_offsets\": true}, %s]}",
      })
  void encode_templateThatAddsABos_beginsWithItUnlessTheConfigSaysNo(
      String processor, @TempDir Path folder) throws IOException {
    String template =
        processor.formatted(
            """
            {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<|pad|>", "type_id": 0}},
                        {"Sequence": {"id": "A", "type_id": 0}},
                        {"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}],
             "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
             "special_tokens": {
               "<|pad|>": {"id": "<|pad|>", "ids": [264], "tokens": ["<|pad|>"]},
               "<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}}}
            """);
    try (Tokenizer opened = open(folder, "{}", template)) {
      assertArrayEquals(new int[] {PAD, 258}, opened.encode("the"));
      assertEquals("the", opened.decode(opened.encode("the")));
    }
    try (Tokenizer opened = open(folder, "{\"add_bos_token\": false}", template)) {
      assertArrayEquals(new int[] {258}, opened.encode("the"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"BertProcessing", "RobertaProcessing"})
  void encode_processorWithAClassToken_beginsWithIt(String type, @TempDir Path folder)
      throws IOException {
    String processor =
        """
        {"type": "%s", "sep": ["<|endoftext|>", 0], "cls": ["<|pad|>", 264],
         "trim_offsets": true, "add_prefix_space": false}
        """
            .formatted(type);
    try (Tokenizer opened = open(folder, "{}", processor)) {
      assertArrayEquals(new int[] {PAD, 258}, opened.encode("the"));
      assertEquals("the", opened.decode(opened.encode("the")));
    }
    InvalidConfigException e =
        assertThrows(
            InvalidConfigException.class,
            () -> open(folder, "{}", processor.replace("264", "\"264\"")));
    assertEquals(
        "tokenizer.json.post_processor: cls is [\"<|pad|>\",\"264\"], expected a name and its"
            + " number from 0 on",
        e.getMessage());
  }

  @Test
  void encode_configThatAddsNoTokenAsBos_beginsWithNone(@TempDir Path folder) throws IOException {
    try (Tokenizer opened =
        open(folder, "{\"add_bos_token\": true, \"bos_token\": null}", "null")) {
      assertArrayEquals(new int[] {258}, opened.encode("the"));
    }
  }

  /** As Mixtral's: a text begins with a blank that is none of it. */
  @Test
  void decodeBehind_blanksOfSentencePiece_stayWhereTheyAre(@TempDir Path folder)
      throws IOException {
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(
        file,
        """
        {"normalizer": {"type": "Sequence", "normalizers": [
           {"type": "Prepend", "prepend": "▁"},
           {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
         "decoder": {"type": "Sequence", "decoders": [
           {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
           {"type": "ByteFallback"}, {"type": "Fuse"},
           {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
         "model": {"type": "BPE", "byte_fallback": true,
           "vocab": {"▁": 0, "a": 1, "b": 2, "▁a": 3, "▁b": 4},
           "merges": ["▁ a", "▁ b"]}}
        """);
    try (Tokenizer opened = Tokenizers.open(folder)) {
      assertArrayEquals(new int[] {3, 4, 1}, opened.encode("a ba"));
      assertEquals("a ba", opened.decode(new int[] {3, 4, 1}));
      assertEquals(" ba", opened.decodeBehind(new int[] {4, 1}));
      assertEquals("ba", opened.decodeBehind(new int[] {2, 1}));
      assertEquals("", opened.decodeBehind(new int[0]));
    }
    assertEquals(" the", tokenizer.decodeBehind(new int[] {259}));
  }

  /** As {@code <s>} of HTML, which is a token of Mixtral's. */
  @ParameterizedTest
  @ValueSource(strings = {PREPENDED, METASPACE})
  void encode_textThatSpellsASpecialToken_hasNoBlankOfSentencePieceInIt(
      String before, @TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(
        file,
        """
        {%s,
         "added_tokens": [
           {"id": 9, "content": "<s>", "special": true, "normalized": false,
            "single_word": false, "lstrip": false, "rstrip": false},
           {"id": 10, "content": "</s>", "special": true, "normalized": false,
            "single_word": false, "lstrip": false, "rstrip": false}],
         "decoder": {"type": "Sequence", "decoders": [
           {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
           {"type": "ByteFallback"}, {"type": "Fuse"},
           {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
         "model": {"type": "BPE", "byte_fallback": true,
           "vocab": {"▁": 0, "a": 1, "<": 2, ">": 3, "s": 4, "/": 5, "▁a": 6, "<0x0A>": 7,
             "s>": 8, "<s>": 9, "</s>": 10},
           "merges": ["▁ a", "s >"]}}
        """
            .formatted(before));
    try (Tokenizer opened = Tokenizers.open(folder)) {
      String text = "a<s>a</s> a\n<s>";
      int[] tokens = opened.encode(text);
      assertArrayEquals(new int[] {6, 2, 8, 1, 2, 5, 8, 6, 7, 2, 8}, tokens);
      assertEquals(text, opened.decode(tokens));
      assertArrayEquals(tokens, opened.encodeBehind(text));
    }
  }

  /** HuggingFace's decoder makes all bytes of a run U+FFFD if a character lacks one. */
  @Test
  void decode_bytesOfWhichSomeMakeNoCharacter_keepTheCharactersBesideThem(@TempDir Path folder)
      throws IOException {
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(
        file,
        """
        {"decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]},
         "model": {"type": "BPE", "byte_fallback": true, "merges": [],
           "vocab": {"a": 0, "<0xE2>": 1, "<0x82>": 2, "<0xAC>": 3, "<0xF0>": 4, "<0x9F>": 5,
             "<0x98>": 6, "<0x80>": 7}}}
        """);
    try (Tokenizer opened = Tokenizers.open(folder)) {
      int[] tokens = opened.encode("€😀a€");
      assertArrayEquals(new int[] {1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3}, tokens);
      List<String> texts =
          List.of("", "�", "�", "€", "€�", "€�", "€�", "€😀", "€😀a", "€😀a�", "€😀a�", "€😀a€");
      for (int n = 0; n <= tokens.length; n++) {
        assertEquals(texts.get(n), opened.decode(Arrays.copyOf(tokens, n)));
        assertEquals(texts.get(n), opened.decodeBehind(Arrays.copyOf(tokens, n)));
      }
      assertEquals("€�a", opened.decode(new int[] {1, 2, 3, 1, 0}));
      assertEquals("€��€", opened.decodeBehind(new int[] {1, 2, 3, 4, 5, 1, 2, 3}));
      assertEquals("�a�€", opened.decode(new int[] {2, 0, 3, 1, 2, 3}));
    }
  }

  /** Of bytes, and with a token for each byte that no other has. */
  @Test
  void bytes_ofTokens_areThoseOfTheTextHoweverItsCharactersAreCut(@TempDir Path folder)
      throws IOException {
    String text = "public — Привет 你好 🎉 é\n\t of";
    try (Tokenizer opened = Tokenizers.open(Path.of("../models/nano"))) {
      assertBytes(text, opened);
      assertEquals("<|endoftext|>", new String(opened.bytes(0), UTF_8));
    }
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(
        file,
        """
        {"added_tokens": [
           {"id": 9, "content": "é", "special": false, "normalized": false,
            "single_word": false, "lstrip": false, "rstrip": false}],
         "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
         "decoder": {"type": "Sequence", "decoders": [
           {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
           {"type": "ByteFallback"}, {"type": "Fuse"}]},
         "model": {"type": "BPE", "byte_fallback": true,
           "vocab": {"▁": 0, "a": 1, "▁a": 2, "<0x0A>": 3, "<0xE2>": 4, "<0x82>": 5, "<0xAC>": 6},
           "merges": ["▁ a"]}}
        """);
    try (Tokenizer opened = Tokenizers.open(folder)) {
      assertBytes("a a€\né a", opened);
    }
  }

  /** GPT-2's alphabet has the same letter, for a byte that is no character. */
  @Test
  void bytes_letterOfAVocabularyThatIsNotOfBytes_isTheLetter(@TempDir Path folder)
      throws IOException {
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(
        file,
        """
        {"model": {"type": "BPE", "vocab": {"n": 0, "é": 1, "né": 2}, "merges": ["n é"]},
         "decoder": {"type": "Fuse"}}
        """);
    try (Tokenizer opened = Tokenizers.open(folder)) {
      assertEquals("né", new String(opened.bytes(2), UTF_8));
    }
  }

  private static void assertBytes(String text, Tokenizer opened) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int parts = 0;
    for (int token : opened.encodeBehind(text)) {
      byte[] one = opened.bytes(token);
      bytes.writeBytes(one);
      parts += Arrays.equals(one, new String(one, UTF_8).getBytes(UTF_8)) ? 0 : 1;
    }
    assertEquals(text, bytes.toString(UTF_8));
    assertTrue(parts >= 3, parts + " tokens are no text by themselves");
  }

  @Test
  void open_bosThatIsNoToken_isNamed(@TempDir Path folder) {
    InvalidConfigException e =
        assertThrows(
            InvalidConfigException.class,
            () -> open(folder, "{\"add_bos_token\": true, \"bos_token\": \"<s>\"}", "null"));
    assertEquals(
        "tokenizer_config.json: bos_token is \"<s>\", expected a token of tokenizer.json, as"
            + " add_bos_token is true",
        e.getMessage());
  }

  /** FOLDER has 265 tokens: the last, a special one, is none that a text can become. */
  @Test
  void open_tokensThatTheModelLacks_areNamedUnlessSpecial(@TempDir Path folder) throws IOException {
    Path model = folder.resolve("config.json");
    Files.writeString(model, "{\"vocab_size\": 264}");
    open(folder, "{}", "null").close();
    Files.writeString(model, "{\"vocab_size\": 263}");
    InvalidConfigException e =
        assertThrows(InvalidConfigException.class, () -> open(folder, "{}", "null"));
    assertTrue(e.getMessage().endsWith("expected an integer from 0 to 262"), e::getMessage);
    Files.writeString(model, "{\"vocab_size\": 264}");
    String bos = "{\"add_bos_token\": true, \"bos_token\": \"<|pad|>\"}";
    e = assertThrows(InvalidConfigException.class, () -> open(folder, bos, "null"));
    assertEquals(
        "tokenizer.json: texts begin with [264], expected tokens below vocab_size 264",
        e.getMessage());
  }

  /** It is two of Java's characters, neither of which is one to the tokenizer. */
  @Test
  void encode_specialTokenThatBeginsWithAnEmoji_isText(@TempDir Path folder) throws IOException {
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"added_tokens": [
           {"id": 3, "content": "🎉end", "special": true, "normalized": false,
            "single_word": false, "lstrip": false, "rstrip": false}],
         "model": {"type": "BPE", "vocab": {"🎉": 0, "end": 1, "e": 2, "n": 4, "d": 5, "nd": 6},
           "merges": ["n d", "e nd"]}}
        """);
    try (Tokenizer opened = Tokenizers.open(folder)) {
      assertArrayEquals(new int[] {0, 1, 0, 2}, opened.encode("🎉end🎉e"));
    }
  }

  /** As many as DeepSeek's vocabulary has. */
  @Test
  void encode_spelledSpecialTokens_areTextHoweverManyThereAre(@TempDir Path folder)
      throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode json =
        (ObjectNode) mapper.readTree(Files.readAllBytes(FOLDER.resolve(Tokenizers.FILE)));
    ObjectNode like = (ObjectNode) json.withArray("added_tokens").get(0);
    for (int i = 0; i < 800; i++) {
      ObjectNode token = like.deepCopy().put("id", 265 + i).put("special", true);
      json.withArray("added_tokens").add(token.put("content", "<|hold " + i + "|>"));
    }
    Path file = folder.resolve("tokenizer.json");
    Files.write(file, mapper.writeValueAsBytes(json));
    String text = "the <|hold 7|> and <|hold 799|> or <|hold 800|> ".repeat(200);
    try (Tokenizer many = Tokenizers.open(folder);
        Tokenizer few = Tokenizers.open(FOLDER)) {
      assertEquals(text, many.decode(many.encode(text)));
      assertTrue(Arrays.stream(many.encode(text)).allMatch(id -> id < 265));
      long bound = 5 * nanos(few, text);
      long took = nanos(many, text);
      assertTrue(took < bound, took + " ns, expected less than " + bound);
    }
  }

  /** Of processor time, at best. */
  private static long nanos(Tokenizer tokenizer, String text) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long best = Long.MAX_VALUE;
    for (int i = 0; i < 10; i++) {
      long start = threads.getCurrentThreadCpuTime();
      assertTrue(tokenizer.encode(text).length > 0);
      best = Math.min(best, threads.getCurrentThreadCpuTime() - start);
    }
    return best;
  }

  private static Tokenizer open(Path folder, String config, String processor) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode json =
        (ObjectNode) mapper.readTree(Files.readAllBytes(FOLDER.resolve(Tokenizers.FILE)));
    json.set("post_processor", mapper.readTree(processor));
    Path file = folder.resolve("tokenizer.json");
    Files.write(file, mapper.writeValueAsBytes(json));
    Files.writeString(folder.resolve("tokenizer_config.json"), config);
    return Tokenizers.open(folder);
  }

  /** Of a tokenizer with it a text has other tokens each time. */
  @Test
  void open_mergesThatAreLeftOutAtRandom_areNamed(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    String json =
        """
        {"model": {"type": "BPE", "dropout": %s, "vocab": {"a": 0, "b": 1, "ab": 2},
           "merges": ["a b"]}}
        """;
    Files.writeString(file, json.formatted("0.0"));
    Tokenizers.open(folder).close();
    Files.writeString(file, json.formatted("0.1"));
    InvalidConfigException e =
        assertThrows(InvalidConfigException.class, () -> Tokenizers.open(folder));
    assertEquals(
        "tokenizer.json.model: dropout is 0.1, expected null or 0: the same text must have the"
            + " same tokens",
        e.getMessage());
  }

  @Test
  void open_partThatTokenizersDoNotKnow_isNamedWithItsFile(@TempDir Path folder)
      throws IOException {
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"pre_tokenizer": {"type": "Of next year"},
         "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}
        """);
    InvalidConfigException e =
        assertThrows(InvalidConfigException.class, () -> Tokenizers.open(folder));
    assertTrue(
        e.getMessage().matches("tokenizer.json: .*PreTokenizer.*, expected .*"), e::getMessage);
  }

  @Test
  void open_otherKindOfTokenizer_isNamed(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(file, "{\"model\":{\"type\":\"Unigram\"}}");
    InvalidConfigException e =
        assertThrows(InvalidConfigException.class, () -> Tokenizers.open(folder));
    assertEquals(
        "tokenizer.json.model: type is \"Unigram\", expected BPE, other kinds are not supported",
        e.getMessage());
  }
}
