package dev.millrace.job.bench.experts;

import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;

/** Batches of rows in a safetensors file, by their numbers. */
@SuppressWarnings("NullAway.Init") // open sets the transient field
public final class StoredRows extends RichMapFunction<Long, HiddenBatch> {

  private final String file;
  private transient Safetensors batches;

  public StoredRows(Path file) {
    this.file = file.toString();
  }

  /** Writes batches of (tokens, hidden_size), flat. */
  public static void write(Path file, List<float[]> batches, int hiddenSize) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    for (int i = 0; i < batches.size(); i++) {
      float[] rows = batches.get(i);
      writer.add(Integer.toString(i), DType.F32, rows, rows.length / hiddenSize, hiddenSize);
    }
    writer.write(file);
  }

  @Override
  public void open(OpenContext context) throws Exception {
    batches = Safetensors.open(Path.of(file));
  }

  /** The batch of this number, counted from the first again behind the last. */
  @Override
  public HiddenBatch map(Long batch) {
    String name = Long.toString(batch % batches.tensors().size());
    return new HiddenBatch(batch, batches.tensor(name).floats());
  }

  @Override
  public void close() throws Exception {
    if (batches != null) {
      batches.close();
    }
  }
}
