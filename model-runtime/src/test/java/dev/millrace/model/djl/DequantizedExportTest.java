package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.program.Layout;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DequantizedExportTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final int[][] ROWS = {{1, 2, 3, 5, 8, 13, 21, 34, 55, 89}};

  @TempDir private Path out;

  @ParameterizedTest
  @ValueSource(strings = {"olmoe-tiny", "qwen3-moe-tiny", "deepseek-v3-tiny"})
  void write_base_computesInFp32WhatTheIntegersDo(String name) throws IOException {
    List<String> files = new ArrayList<>();
    long bytes = DequantizedExport.write(GOLDEN.resolve(name), out, 200_000, files::add);
    assertTrue(files.size() > 2, files::toString);
    assertTrue(bytes > 200_000);

    float[] integers = logits(GOLDEN.resolve(name), Precision.INT8);
    assertArrayEquals(integers, logits(out, Precision.FLOAT32), 2e-5f);
    assertArrayEquals(integers, logits(out, Precision.INT8), 2e-5f);
    assertEquals(0, integersThatDiffer(GOLDEN.resolve(name)));
  }

  /** Or the half of a model would look whole, and a second try be refused. */
  @Test
  void write_endsInBetween_leavesNoConfigAndCanBeTriedAgain() throws IOException {
    Path golden = GOLDEN.resolve("olmoe-tiny");
    List<String> files = new ArrayList<>();
    Consumer<String> killed =
        file -> {
          files.add(file);
          if (files.size() > 1) {
            throw new IllegalStateException("killed");
          }
        };
    assertThrows(
        IllegalStateException.class, () -> DequantizedExport.write(golden, out, 200_000, killed));
    assertTrue(Files.exists(out.resolve(files.get(0))));
    assertFalse(Files.exists(out.resolve("config.json")));
    long unused = DequantizedExport.write(golden, out, 200_000, file -> {});
    assertArrayEquals(logits(golden, Precision.INT8), logits(out, Precision.FLOAT32), 2e-5f);
  }

  @Test
  void write_tiedHead_isATensorOfItsOwn(@TempDir Path tied) throws IOException {
    Path golden = GOLDEN.resolve("olmoe-tiny");
    Files.copy(golden.resolve("model.safetensors"), tied.resolve("model.safetensors"));
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode config =
        (ObjectNode) mapper.readTree(Files.readAllBytes(golden.resolve("config.json")));
    config.put("tie_word_embeddings", true);
    Files.write(tied.resolve("config.json"), mapper.writeValueAsBytes(config));

    DequantizedExport.write(tied, out, 1 << 30, file -> {});

    assertArrayEquals(logits(tied, Precision.INT8), logits(out, Precision.FLOAT32), 2e-5f);
  }

  private static float[] logits(Path folder, Precision precision) throws IOException {
    try (DjlModel model = DjlModels.openAlone(folder, precision, LoadProgress.SILENT)) {
      LoraConfig nothing = new LoraConfig(1, 1, false, List.of("o_proj"));
      return model.logits(LoraWeights.initial(nothing, model.sites(), 1), ROWS);
    }
  }

  /** Of all matrices, entries whose integer is another after the export. */
  private int integersThatDiffer(Path golden) throws IOException {
    int differ = 0;
    Layout layout = new Layout(MoeConfigs.read(out.resolve("config.json")));
    try (Checkpoint a = Checkpoint.open(golden);
        Checkpoint b = Checkpoint.open(out)) {
      for (Layout.Matrices matrices : layout.matrices()) {
        for (List<String> parts : matrices.parts()) {
          for (String part : parts) {
            byte[] wanted = integers(a, part, matrices.columns());
            byte[] found = integers(b, part, matrices.columns());
            for (int i = 0; i < wanted.length; i++) {
              differ += wanted[i] == found[i] ? 0 : 1;
            }
          }
        }
      }
    }
    return differ;
  }

  private static byte[] integers(Checkpoint checkpoint, String name, int columns) {
    float[] w = checkpoint.tensor(name).floats();
    ByteBuffer q = ByteBuffer.allocate(w.length);
    for (int row = 0; row < w.length; row += columns) {
      RowQuantizer.quantize(w, row, columns, RowQuantizer.scale(w, row, columns), q);
    }
    return q.array();
  }
}
