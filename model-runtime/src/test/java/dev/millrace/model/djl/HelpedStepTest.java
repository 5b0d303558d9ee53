package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.pytorch.jni.JniUtils;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.program.MatrixFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps of one answer, half of whose experts another thread computes. */
class HelpedStepTest {

  private static final int SLOTS = 64;
  private static final Pattern THREAD = Pattern.compile("\"tid\": (\\d+)");

  @TempDir Path folder;

  private static DjlModel open(String golden) throws IOException {
    return DjlModels.openAlone(
        Path.of("src/test/resources/golden").resolve(golden), MatrixFormat.INT8);
  }

  private static float[] advance(Step step, int token, int past, LoadedAdapter adapter) {
    return step.advance(List.of(new Piece(0, past, new int[] {token}, Prefix.NONE, adapter, true)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"olmoe-tiny", "qwen3-moe-tiny", "deepseek-v3-tiny"})
  void advance_helped_isBitForBitAsAlone(String golden) throws IOException {
    try (DjlModel model = open(golden);
        LoadedAdapter adapter = model.load(RandomAdapters.everywhere(model.sites(), 4, 1))) {
      for (LoadedAdapter of : List.of(model.noAdapter(), adapter)) {
        try (Step alone = model.steps(SLOTS, false);
            Step helped = model.steps(SLOTS, true)) {
          int[] tokens = new SplittableRandom(7).ints(40, 0, model.config().vocabSize()).toArray();
          float[][] expected = new float[tokens.length][];
          for (int i = 0; i < tokens.length; i++) {
            expected[i] = advance(alone, tokens[i], i, of);
          }
          for (int i = 0; i < tokens.length; i++) {
            assertArrayEquals(expected[i], advance(helped, tokens[i], i, of), "token " + i);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"olmoe-tiny", "qwen3-moe-tiny", "deepseek-v3-tiny"})
  void advance_promptHelped_isBitForBitAsAlone(String golden) throws IOException {
    try (DjlModel model = open(golden);
        LoadedAdapter adapter = model.load(RandomAdapters.everywhere(model.sites(), 4, 1));
        Step alone = model.steps(SLOTS, false);
        Step helped = model.steps(SLOTS, true)) {
      for (LoadedAdapter of : List.of(model.noAdapter(), adapter)) {
        for (int length : new int[] {2, 3, 8, 40}) {
          var random = new SplittableRandom(length);
          int[] tokens = random.ints(length, 0, model.config().vocabSize()).toArray();
          var prompt = List.of(new Piece(0, 0, tokens, Prefix.NONE, of, true));
          assertArrayEquals(alone.advance(prompt), helped.advance(prompt), length + " tokens");
        }
      }
    }
  }

  @Test
  void advance_helped_usesAnotherThread() throws IOException {
    try (DjlModel model = open("olmoe-tiny");
        Step alone = model.steps(SLOTS, false);
        Step helped = model.steps(SLOTS, true)) {
      for (int[] tokens : new int[][] {{3}, {3, 4, 5, 6, 7, 8}}) {
        assertEquals(1, threads(model, alone, tokens).size());
        assertTrue(threads(model, helped, tokens).size() > 1);
      }
    }
  }

  @Test
  void score_afterAHelpedStep_staysOnItsThread() throws IOException {
    try (DjlModel model = open("olmoe-tiny");
        Step helped = model.steps(SLOTS, true)) {
      var text = List.of(new Sequence(new int[] {3, 4, 5, 6, 7, 8}, model.noAdapter()));
      advance(helped, 1, 0, model.noAdapter());
      assertEquals(1, threads(() -> model.score(text)).size());
    }
  }

  /** Those that compute a step. */
  private Set<String> threads(DjlModel model, Step step, int[] tokens) throws IOException {
    advance(step, 1, 0, model.noAdapter()); // both ways take turns at first
    advance(step, 2, 1, model.noAdapter());
    var last = List.of(new Piece(0, 2, tokens, Prefix.NONE, model.noAdapter(), true));
    return threads(() -> step.advance(last));
  }

  private Set<String> threads(Runnable computed) throws IOException {
    Path trace = folder.resolve("trace.json");
    JniUtils.startProfile(false, false, false);
    computed.run();
    JniUtils.stopProfile(trace.toString());
    return THREAD
        .matcher(Files.readString(trace))
        .results()
        .map((MatchResult found) -> found.group(1))
        .collect(Collectors.toSet());
  }
}
