package dev.millrace.model.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.model.weights.InvalidWeightsException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One byte of a checkpoint's config or header is another: it opens and answers, or says why not.
 */
@Tag("fuzz")
class CheckpointFuzzTest {

  /** How many damaged checkpoints are opened; -Pfull opens more. */
  private static final int OPENS = Integer.getInteger("millrace.fuzz.opens", 60);

  /** What all opens together may leave resident, the Java heap's own growth included. */
  private static final long GROWTH_KIB = 256 << 10;

  private static final long SEED = Long.getLong("millrace.fuzz.seed", 1);

  @TempDir Path folder;

  private int opened;
  private int refused;

  @Test
  void open_oneByteChanged_isRefusedOrAnswers() throws IOException {
    byte[] config = Golden.bytes(Golden.folder("olmoe-tiny").resolve("config.json"));
    byte[] weights = Golden.bytes(Golden.folder("olmoe-tiny").resolve("model.safetensors"));
    int header = 8 + (int) ByteBuffer.wrap(weights).order(ByteOrder.LITTLE_ENDIAN).getLong();
    Random random = new Random(SEED);
    Files.write(folder.resolve("config.json"), config);
    Files.write(folder.resolve("model.safetensors"), weights);
    open();
    assertEquals(1, opened);
    long before = residentKib();
    for (int i = 0; i < OPENS; i++) {
      boolean inConfig = random.nextBoolean();
      int at = random.nextInt(inConfig ? config.length : header);
      byte value = (byte) random.nextInt(random.nextBoolean() ? 256 : 64);
      Files.write(folder.resolve("config.json"), inConfig ? changed(config, at, value) : config);
      Files.write(
          folder.resolve("model.safetensors"), inConfig ? weights : changed(weights, at, value));
      try {
        open();
      } catch (RuntimeException | Error e) {
        throw new AssertionError(
            "seed %d, open %d: %s byte %d is %d"
                .formatted(SEED, i, inConfig ? "config" : "header", at, value),
            e);
      }
    }
    long growth = residentKib() - before;
    System.out.printf(
        "CheckpointFuzzTest: seed %d, %d checkpoints: %d refused, %d opened and answered; resident"
            + " size grew by %d KiB%n",
        SEED, OPENS, refused, opened - 1, growth);
    assertTrue(growth < GROWTH_KIB, growth + " KiB more resident, expected under " + GROWTH_KIB);
  }

  private static byte[] changed(byte[] valid, int at, byte value) {
    byte[] changed = valid.clone();
    changed[at] = value;
    return changed;
  }

  private void open() throws IOException {
    try {
      Checkpoint.open(folder).close();
      try (BaseModel model = DjlModels.open(folder, Precision.INT8)) {
        model.score(List.of(new Sequence(new int[] {1, 2, 3}, model.noAdapter())));
        opened++;
      }
    } catch (InvalidConfigException | InvalidWeightsException e) {
      refused++;
      assertFalse(e.getMessage().isBlank());
    }
  }

  private static long residentKib() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }
}
