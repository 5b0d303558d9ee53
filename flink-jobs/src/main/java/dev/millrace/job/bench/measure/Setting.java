package dev.millrace.job.bench.measure;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a benchmark is run with.
 *
 * @param nano the folder of the base that ships
 * @param rivals the folder of jars that only benchmarks load
 * @param rounds how often each contestant is measured
 * @param large whether to include what takes minutes and gigabytes
 * @param order of what is gone through one after the other; empty leaves it to the benchmark
 * @param steps that students are trained for
 * @param factors by which students have fewer parameters than their teacher
 * @param log where the finished parts of a long run are kept, to go on from; null keeps nothing
 * @param progress is told what is being done
 */
public record Setting(
    Path nano,
    Path rivals,
    long seed,
    int rounds,
    boolean large,
    List<String> order,
    int steps,
    List<Double> factors,
    @Nullable Path log,
    Consumer<String> progress) {

  /** The fewest rounds whose median has a 95 % interval within the extremes. */
  public static final int FEWEST_ROUNDS = 11;

  public Setting {
    if (steps < 1 || factors.isEmpty() || factors.stream().anyMatch(factor -> !(factor > 1))) {
      throw new IllegalArgumentException(
          "steps %d, factors %s, expected 1 or more, and one factor or more, each above 1"
              .formatted(steps, factors));
    }
    if (rounds < 1) {
      throw new IllegalArgumentException("rounds " + rounds + ", expected at least 1");
    }
  }

  /** The base that ships, as it serves. */
  public BaseModel base() throws IOException {
    return DjlModels.open(nano, Precision.INT8);
  }

  public Tokenizer tokenizer() throws IOException {
    return Tokenizers.open(nano);
  }

  /** Says what is being done. */
  public void tell(String format, @Nullable Object... values) {
    progress.accept(String.format(Locale.ROOT, format, values));
  }
}
