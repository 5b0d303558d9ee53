package dev.millrace.job.bench.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.djl.Precision;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadProbeTest {

  private static final Path NANO = Path.of(System.getProperty("millrace.root"), "models", "nano");

  @Test
  void open_halfOfItEmbeddingAndHead_peaksBelowItsIntegersAndThreeTenths(@TempDir Path folder)
      throws IOException {
    RandomCheckpoint.Shape shape = new RandomCheckpoint.Shape(2, 512, 256, 64, 8, 50_304);
    Path tiny = write(folder.resolve("tiny"), new RandomCheckpoint.Shape(1, 64, 32, 8, 2));
    LoadProbe probe = LoadProbe.open(write(folder.resolve("it"), shape), Precision.INT8, tiny);
    double share = (probe.peak() - probe.idle()) / shape.parameters();
    assertTrue(share < 1.3, () -> share + " bytes a parameter, expected fewer than 1.3");
  }

  private static Path write(Path folder, RandomCheckpoint.Shape shape) throws IOException {
    return RandomCheckpoint.write(folder, shape, NANO, 1);
  }
}
