package dev.millrace.model.fuzz;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.peft.PeftFolder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;

/** A damaged adapter folder is an adapter or an exception that says where. */
@Tag("fuzz")
class PeftFuzzTest {

  private static final Path GOLDEN = Golden.folder("olmoe-tiny").resolve("adapter");
  private static final byte[] CONFIG = Golden.bytes(GOLDEN.resolve(PeftFolder.CONFIG));
  private static final byte[] WEIGHTS = Golden.bytes(GOLDEN.resolve(PeftFolder.WEIGHTS));
  private static final int HEADER =
      8 + (int) ByteBuffer.wrap(WEIGHTS).order(ByteOrder.LITTLE_ENDIAN).getLong();
  private static final List<Site> SITES = sites();

  @Property
  void parse_damagedConfig_isRefusedOrRead(@ForAll long seed) {
    readOrRefuse(Mutation.of(CONFIG, seed), WEIGHTS);
  }

  @Property
  void parse_damagedHeader_isRefusedOrRead(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] damaged = WEIGHTS.clone();
    for (int i = random.nextInt(3); i >= 0; i--) {
      damaged[random.nextInt(HEADER)] = (byte) random.nextInt(256);
    }
    readOrRefuse(CONFIG, damaged);
  }

  private static void readOrRefuse(byte[] config, byte[] weights) {
    Allocation.bounded(
        () -> {
          try {
            LoraWeights adapter = PeftFolder.parse(config, weights, SITES);
            assertFalse(adapter.pairs().isEmpty());
          } catch (InvalidAdapterException e) {
            assertFalse(e.getMessage().isBlank());
          }
        });
  }

  static List<Site> sites() {
    List<Site> sites = new ArrayList<>();
    for (int layer = 0; layer < 3; layer++) {
      for (String projection : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
        sites.add(Site.linear("model.layers." + layer + ".self_attn." + projection, 64, 64));
      }
    }
    return sites;
  }
}
