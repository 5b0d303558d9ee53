package dev.millrace.model.release;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Origin;
import dev.millrace.schema.RuleResult;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ManifestTest {
  private static final String BYTES =
      """
      {"base":"b0","batch":3,"domain":"médecine","files":{"a.json":{"sha256":"00","size":7}},\
      "format":1,"learned":[{"offset":5,"partition":0,"replay":false,"sample":"s\\u000a\\"1\\"",\
      "topic":"t"},{"offset":2,"partition":1,"replay":true,"sample":"s2","topic":"t"}],\
      "learnedTo":[{"offset":5,"partition":0,"topic":"t"},{"offset":9,"partition":1,"topic":"t"}],\
      "parent":null,"plan":{"cpuFeatures":"avx2","engine":"0.1.0","hyperparameters":\
      {"learning_rate":"0.002","rank":"8"},"microBatch":8,"seed":-17,"threads":1},\
      "quantization":"int8 a row","routing":{"policy":"top_k","topK":4},"tenant":null,\
      "verdict":[{"figures":{"after":0.1,"before":1E+2,"limit":"Infinity"},"passed":true,\
      "reason":"","rule":"better"}]}""";

  @Test
  void toBytes_manifest_hasOneForm() {
    assertEquals(BYTES, new String(manifest().toBytes(), StandardCharsets.UTF_8));
  }

  @Test
  void id_manifest_isTheSameForEver() {
    assertEquals(
        "dba6d5536ae0488e1f8e957779f7d7aad156d9ff5804dbb16fcfa10f1ba33460", manifest().id());
  }

  @Test
  void parse_manifestThatObeyedAnEvent_isTheManifestWithOneFieldMore() {
    String obeyed = "\"obeyed\":{\"offset\":7,\"partition\":0,\"topic\":\"r\"},\"parent\":null";
    byte[] bytes = BYTES.replace("\"parent\":null", obeyed).getBytes(StandardCharsets.UTF_8);
    Manifest manifest = Manifest.parse(bytes);
    assertEquals(new Origin("r", 0, 7), manifest.obeyed());
    assertArrayEquals(bytes, manifest.toBytes());
    assertNotEquals(manifest().id(), manifest.id());
  }

  /** 32 MiB of them would be 2 GB in memory, before any was found to be no sample. */
  @Test
  void parse_bracketsThatTakeMuchMoreMemoryThanTheyHaveBytes_isRefused() {
    byte[] bytes =
        "{\"learned\":[%s{}]}".formatted("{},".repeat(500_000)).getBytes(StandardCharsets.UTF_8);
    InvalidReleaseException refused =
        assertThrows(InvalidReleaseException.class, () -> Manifest.parse(bytes));
    assertTrue(
        refused.getMessage().startsWith("manifest.json: Token count (1000001) exceeds"),
        refused::getMessage);
  }

  @Test
  void parse_canonicalBytes_isTheManifest() {
    Manifest manifest = manifest();
    assertEquals(manifest, Manifest.parse(manifest.toBytes()));
    assertEquals(manifest.id(), Manifest.parse(manifest.toBytes()).id());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"batch\":3 | \"batch\": 3 | canonical",
        "\"batch\":3 | \"batch\":3.0 | batch is 3.0",
        "\"batch\":3 | \"batch\":-3 | batch is -3",
        "\"batch\":3 | \"batch\":3,\"clock\":1 | fields that are not known",
        "\"batch\":3 | \"batch\":3,\"batch\":3 | Duplicate field",
        "\"format\":1 | \"format\":2 | format is 2, expected an integer from 1 to 1",
        "\"after\":0.1 | \"after\":0.10 | canonical",
        "\"after\":0.1 | \"after\":\"x\" | For input string",
        "\"tenant\":null, | `` | fields that are not known",
        "\"seed\":-17 | \"seed\":-17.5 | seed is -17.5",
        "\"replay\":true | \"replay\":1 | replay is 1, expected true or false",
        "\"base\":\"b0\", | `` | base is absent",
        "\"reason\":\"\" | \"reason\":\"\\u0041\" | canonical",
        "\"policy\":\"top_k\" | \"limits\":[0.5],\"policy\":\"entropy\",\"share\":0.1 | threshold is absent",
      })
  void parse_otherBytes_areRefused(String from, String to, String message) {
    String changed = BYTES.replace(from, to);
    assertNotEquals(BYTES, changed);
    InvalidReleaseException e =
        assertThrows(
            InvalidReleaseException.class,
            () -> Manifest.parse(changed.getBytes(StandardCharsets.UTF_8)));
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }

  @Test
  void toBytes_halfASurrogatePair_isRefused() {
    Manifest broken = withVerdict(new RuleResult("r", true, "\ud800", Map.of()));
    assertThrows(IllegalArgumentException.class, broken::toBytes);
  }

  @Test
  void parse_entropyRouting_isTheSameAgain() {
    Routing routing = new Routing(Routing.ENTROPY, 4, 0.1, 0.07513);
    Manifest plain = withVerdict(new RuleResult("r", true, "", Map.of()));
    Manifest manifest = with(routing, plain.learned(), plain);
    String json = new String(manifest.toBytes(), StandardCharsets.UTF_8);
    assertTrue(
        json.contains(
            "\"routing\":{\"policy\":\"entropy\",\"share\":0.1,\"threshold\":0.07513,\"topK\":4}"),
        json);
    assertEquals(routing, Manifest.parse(manifest.toBytes()).routing());
  }

  /** Without them the bytes are those of earlier code. */
  @Test
  void parse_tokensThatTaught_areTheSameAgain() {
    Manifest unsaid = manifest();
    LearnedSample first = unsaid.learned().get(0);
    LearnedSample said = new LearnedSample(first.sample(), first.origin(), false, 256);
    Manifest manifest = with(unsaid.routing(), List.of(said), unsaid);
    String json = new String(manifest.toBytes(), StandardCharsets.UTF_8);
    assertTrue(json.contains("\"tokens\":256,\"topic\""), json);
    assertEquals(manifest, Manifest.parse(manifest.toBytes()));
    assertFalse(new String(unsaid.toBytes(), StandardCharsets.UTF_8).contains("tokens"));
    byte[] none = json.replace("\"tokens\":256", "\"tokens\":0").getBytes(StandardCharsets.UTF_8);
    assertThrows(InvalidReleaseException.class, () -> Manifest.parse(none));
  }

  private static Manifest with(Routing routing, List<LearnedSample> learned, Manifest m) {
    return new Manifest(
        m.tenant(),
        m.domain(),
        m.base(),
        m.files(),
        m.quantization(),
        routing,
        m.parent(),
        m.batch(),
        learned,
        m.learnedTo(),
        m.plan(),
        m.verdict(),
        m.obeyed());
  }

  @Property
  void parse_anyFigure_isTheSameNumber(@ForAll double figure) {
    Manifest manifest = withVerdict(new RuleResult("r", true, "", Map.of("f", figure)));
    double back = Manifest.parse(manifest.toBytes()).verdict().get(0).figures().get("f");
    assertEquals(figure + 0.0, back);
  }

  @Property
  void parse_anyText_isTheSameText(@ForAll char[] characters) {
    String text =
        new String(new String(characters).getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    Manifest manifest = withVerdict(new RuleResult(text, true, text, Map.of(text, 1.0)));
    assertEquals(manifest, Manifest.parse(manifest.toBytes()));
    assertArrayEquals(manifest.toBytes(), Manifest.parse(manifest.toBytes()).toBytes());
  }

  private static Manifest manifest() {
    Map<String, Double> figures = new HashMap<>();
    figures.put("limit", Double.POSITIVE_INFINITY);
    figures.put("before", 100.0);
    figures.put("after", 0.1);
    return withVerdict(new RuleResult("better", true, "", figures));
  }

  private static Manifest withVerdict(RuleResult verdict) {
    return new Manifest(
        null,
        "médecine",
        "b0",
        new TreeMap<>(Map.of("a.json", new ReleaseFile(7, "00"))),
        "int8 a row",
        Routing.topK(4),
        null,
        3,
        List.of(
            new LearnedSample("s\n\"1\"", new Origin("t", 0, 5), false),
            new LearnedSample("s2", new Origin("t", 1, 2), true)),
        List.of(new Origin("t", 1, 9), new Origin("t", 0, 5)),
        new TrainingPlan(
            -17,
            new TreeMap<>(Map.of("rank", "8", "learning_rate", "0.002")),
            8,
            1,
            "0.1.0",
            "avx2"),
        List.of(verdict),
        null);
  }
}
