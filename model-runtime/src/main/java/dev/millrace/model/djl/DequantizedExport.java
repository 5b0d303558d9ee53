package dev.millrace.model.djl;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.model.program.Layout;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.HalfFloats;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Matrix;
import dev.millrace.model.weights.SafetensorsWriter;
import dev.millrace.model.weights.WholeFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Writes a base as an ordinary HuggingFace checkpoint in fp32 that holds what is computed with: the
 * numbers that the integers of its matrices stand for. One shard at a time is in memory. A head
 * that is the embedding becomes a tensor of its own, since the two are rounded otherwise.
 */
public final class DequantizedExport {

  private static final int CHUNK = 1 << 16;
  private static final String CONFIG = "config.json";
  private static final String BESIDE = ".*\\.(json|txt|jinja|model)";

  private final Checkpoint checkpoint;
  private final Path out;
  private final long shardBytes;
  private final Consumer<String> progress;
  private final ObjectNode index = new ObjectMapper().createObjectNode();
  private SafetensorsWriter shard = new SafetensorsWriter().metadata("format", "pt");
  private long held;
  private int shards;

  private DequantizedExport(
      Checkpoint checkpoint, Path out, long shardBytes, Consumer<String> progress) {
    this.checkpoint = checkpoint;
    this.out = out;
    this.shardBytes = shardBytes;
    this.progress = progress;
  }

  /**
   * Writes a folder with all that HuggingFace loads; {@code config.json} comes last, so that a
   * folder that has one is whole.
   *
   * @param shardBytes about how large a file becomes
   * @param progress is told the name of each file as it is written
   * @return bytes of the weights
   */
  public static long write(Path folder, Path out, long shardBytes, Consumer<String> progress)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Layout layout = new Layout(checkpoint.config());
      ProgramWeights.requireComplete(layout, checkpoint);
      Files.createDirectories(out);
      copyBeside(folder, out);
      DequantizedExport export = new DequantizedExport(checkpoint, out, shardBytes, progress);
      long bytes = export.weights(layout);
      export.config(folder);
      return bytes;
    }
  }

  private static void copyBeside(Path folder, Path out) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.getFileName().toString().matches(BESIDE)).toList()) {
        String name = file.getFileName().toString();
        if (!name.equals(CONFIG) && !name.endsWith(".index.json")) {
          Files.copy(file, out.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  private long weights(Layout layout) throws IOException {
    long bytes = 0;
    for (int i = 0; i < layout.vectors().size(); i++) {
      if (i != Layout.COS && i != Layout.SIN) {
        bytes += vector(layout.vectors().get(i), i == 0);
      }
    }
    for (Layout.Matrices matrices : layout.matrices()) {
      for (int i = 0; i < matrices.parts().size(); i++) {
        bytes += parts(matrices, i);
      }
    }
    end();
    index.putObject("metadata").put("total_size", bytes);
    WholeFile.write(
        out.resolve("model.safetensors.index.json"), new ObjectMapper().writeValueAsBytes(index));
    return bytes;
  }

  /** The embedding serves in bf16, all else that is no matrix in fp32. */
  private long vector(Layout.Vector vector, boolean embedding) throws IOException {
    float[] values = checkpoint.values(vector.name(), vector.shape());
    DType dtype = embedding ? DType.BF16 : DType.F32;
    byte[] bytes = new byte[Math.multiplyExact(values.length, dtype.bytes())];
    ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      if (embedding) {
        data.putShort(HalfFloats.toBf16(value));
      } else {
        data.putFloat(value);
      }
    }
    return add(vector.name(), dtype, bytes, vector.shape());
  }

  private long parts(Layout.Matrices matrices, int i) throws IOException {
    List<String> names = matrices.parts().get(i);
    int each = matrices.rows() / names.size();
    long bytes = 0;
    int row = 0;
    for (Matrix part : ProgramWeights.parts(checkpoint, matrices, i)) {
      // a stack holds the parts of a matrix below each other
      for (int from = 0; from < part.rows(); from += each, row += each) {
        bytes += add(nameOf(names.get(row / each)), part, from, each);
      }
    }
    return bytes;
  }

  private String nameOf(String name) {
    return name.equals("model.embed_tokens.weight") ? "lm_head.weight" : name;
  }

  private long add(String name, Matrix matrix, int from, int rows) throws IOException {
    int columns = matrix.columns();
    long size = 4L * rows * columns;
    if (size > Integer.MAX_VALUE) {
      throw new InvalidWeightsException(
          "tensor %s: %d bytes in fp32, expected at most %d"
              .formatted(name, size, Integer.MAX_VALUE));
    }
    byte[] bytes = new byte[(int) size];
    ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int most = Math.max(1, CHUNK / columns);
    float[] values = new float[Math.min(most, rows) * columns];
    for (int row = 0; row < rows; row += most) {
      int count = Math.min(most, rows - row);
      matrix.read(from + row, count, values);
      for (int r = 0; r < count; r++) {
        float scale = RowQuantizer.scale(values, r * columns, columns);
        RowQuantizer.round(values, r * columns, columns, scale);
      }
      for (int v = 0; v < count * columns; v++) {
        data.putFloat(values[v]);
      }
    }
    return add(name, DType.F32, bytes, rows, columns);
  }

  private long add(String name, DType dtype, byte[] data, long... shape) throws IOException {
    if (held > 0 && held + data.length > shardBytes) {
      end();
    }
    shard.addRaw(name, dtype, data, shape);
    held += data.length;
    index.withObject("/weight_map").put(name, file());
    return data.length;
  }

  private String file() {
    return String.format(Locale.ROOT, "model-%05d.safetensors", shards + 1);
  }

  private void end() throws IOException {
    progress.accept(file());
    shard.write(out.resolve(file()));
    shard = new SafetensorsWriter().metadata("format", "pt");
    held = 0;
    shards++;
  }

  private void config(Path folder) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode config = (ObjectNode) mapper.readTree(Files.readAllBytes(folder.resolve(CONFIG)));
    config.remove("quantization_config");
    config.put("tie_word_embeddings", false).put("dtype", "float32").put("torch_dtype", "float32");
    WholeFile.write(
        out.resolve(CONFIG), mapper.writerWithDefaultPrettyPrinter().writeValueAsBytes(config));
  }
}
