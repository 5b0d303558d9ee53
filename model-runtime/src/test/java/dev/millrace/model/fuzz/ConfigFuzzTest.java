package dev.millrace.model.fuzz;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;

/** A damaged config.json is a config or an InvalidConfigException that says where. */
@Tag("fuzz")
class ConfigFuzzTest {

  private static final List<byte[]> VALID = Golden.files("config.json");

  @Property
  void parse_damagedConfig_isRefusedOrRead(@ForAll long seed) {
    byte[] damaged = Mutation.of(VALID.get(Math.floorMod(seed, VALID.size())), seed);
    Allocation.bounded(
        () -> {
          try {
            MoeConfig config = MoeConfigs.parse(damaged);
            assertTrue(config.hiddenSize() > 0 && config.numHiddenLayers() > 0);
          } catch (InvalidConfigException e) {
            assertFalse(e.getMessage().isBlank());
            assertTrue(e.getMessage().length() < 4_000, e::getMessage);
          }
        });
  }
}
