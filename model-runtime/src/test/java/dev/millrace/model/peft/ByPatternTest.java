package dev.millrace.model.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.NamePatterns;
import dev.millrace.model.adapter.Site;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ByPatternTest {

  private static final int LAYERS = 16;
  private static final int EXPERTS = 64;

  /** OLMoE's names: 3,072 modules of routed experts. */
  private static final List<Site> SITES =
      IntStream.range(0, LAYERS).boxed().flatMap(layer -> layer(layer).stream()).toList();

  private static List<Site> layer(int layer) {
    String experts = "model.layers." + layer + ".mlp.experts";
    return List.of(
        Site.experts(
            experts + ".gate_up_proj",
            4,
            4,
            EXPERTS,
            List.of(experts + ".%d.gate_proj", experts + ".%d.up_proj")),
        Site.experts(experts + ".down_proj", 2, 4, EXPERTS, List.of(experts + ".%d.down_proj")));
  }

  /** Ranks of their own for each layer: then a folder has a pattern for each name. */
  private static Map<String, String> byLayer() {
    Map<String, String> ranks = new TreeMap<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      ranks.put("layers\\." + layer + "\\..*", Integer.toString(1 + layer % 3));
    }
    return ranks;
  }

  /** A folder of modules. */
  private static SortedMap<String, byte[]> folder(Map<String, String> ranks) {
    AdapterPlan plan = new AdapterPlan(4, 8, true, false, new NamePatterns(ranks, Map.of()));
    LoraWeights adapter = ExpertLayoutTest.random(Lora.KIND.initial(plan, SITES, 3));
    return PeftFolder.toFiles(PeftFolder.in(ExpertLayout.MODULES, adapter, SITES), "");
  }

  private static LoraWeights parse(SortedMap<String, byte[]> folder) {
    return PeftFolder.parse(folder.get(PeftFolder.CONFIG), folder.get(PeftFolder.WEIGHTS), SITES);
  }

  @Test
  void parse_aPatternForEachName_isReadAndWritten() {
    assertTimeoutPreemptively(
        Duration.ofMinutes(2),
        () -> {
          SortedMap<String, byte[]> folder = folder(byLayer());
          LoraWeights read = parse(folder);
          assertTrue(
              text(folder).contains("model\\\\.layers\\\\.9\\\\.mlp\\\\.experts\\\\.63\\\\"));
          assertEquals(3, read.pairs().get(2 * 5 + 1).rank());
          assertEquals(8.0 / 3, read.scale(read.pairs().get(2 * 5 + 1)));
          assertEquals(text(folder), text(PeftFolder.toFiles(read, "")));
        });
  }

  private static String text(SortedMap<String, byte[]> folder) {
    return new String(folder.get(PeftFolder.CONFIG), StandardCharsets.UTF_8);
  }

  @Test
  void parse_aRegexForEachName_isRefused() {
    SortedMap<String, byte[]> folder = folder(Map.of());
    String hostile =
        IntStream.range(0, LAYERS * EXPERTS * 3)
            .mapToObj(i -> "\".*.*.*.*x" + i + "\": 1")
            .collect(Collectors.joining(", ", "\"rank_pattern\": {", "}"));
    folder.put(
        PeftFolder.CONFIG,
        text(folder).replace("\"rank_pattern\": {}", hostile).getBytes(StandardCharsets.UTF_8));
    InvalidAdapterException refused =
        assertTimeoutPreemptively(
            Duration.ofMinutes(2),
            () -> assertThrows(InvalidAdapterException.class, () -> parse(folder)));
    String said = String.valueOf(refused.getMessage());
    assertTrue(
        said.startsWith(
            "adapter_config.json: its patterns take more than 536870912 steps on the names of the base, expected fewer"),
        said);
  }

  @Test
  void new_morePatternsThanCanBeCompiled_isRefused() {
    Map<String, Integer> many = new LinkedHashMap<>();
    for (int i = 0; i < 150_000; i++) {
      many.put("[q]_proj" + i, i);
    }
    assertThrows(
        InvalidAdapterException.class,
        () -> new ByPattern<>("rank_pattern", many, Steps.ofOneFolder()));
  }

  /** The oracle holds each name against one pattern after the other. */
  @Test
  void at_someSpellANameAndSomeDoNot_theFirstThatFitsCounts() {
    long seed = Long.getLong("millrace.seed", System.nanoTime());
    SplittableRandom random = new SplittableRandom(seed);
    String[] parts = {"a", "b", "ab", "\\.", ".", ".*", "a.b", "a\\.b", "[ab]", "b|a"};
    for (int round = 0; round < 500; round++) {
      Map<String, Integer> values = new LinkedHashMap<>();
      while (values.size() < 6) {
        StringBuilder pattern = new StringBuilder();
        random.ints(1 + random.nextInt(4), 0, parts.length).forEach(i -> pattern.append(parts[i]));
        values.put(pattern.toString(), values.size());
      }
      List<String> names = new ArrayList<>();
      for (String name : List.of("a", "b.a", "a.b", "ab.a.b", "a.ab.b", "b.b", "aab", "a.a.a.b")) {
        names.add(name);
        names.add("x." + name);
      }
      ByPattern<Integer> quick = new ByPattern<>("rank_pattern", values, Steps.ofOneFolder());
      for (String name : names) {
        int expected =
            values.entrySet().stream()
                .filter(e -> NamePattern.ofEnd("", e.getKey(), Steps.UNBOUNDED).fits(name))
                .findFirst()
                .map(Map.Entry::getValue)
                .orElse(-1);
        assertEquals(expected, quick.at(name, -1), () -> name + " of " + values + ", seed " + seed);
        assertEquals(expected, quick.at(name, -1));
      }
    }
  }
}
