package dev.millrace.job.bench.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.wire.Codecs;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SwapReleasesTest {

  private static final Path NANO = Path.of(System.getProperty("millrace.root"), "models", "nano");

  /** The storm of swaps draws its seeds: half of them are below 0. */
  @Test
  void publish_anySeed_isAnEventThatJobsTake(@TempDir Path folder) throws Exception {
    try (BaseModel base = DjlModels.open(NANO, Precision.INT8)) {
      SwapReleases releases = new SwapReleases(base, folder);
      Set<String> ids = new HashSet<>();
      for (long seed : new long[] {7, -1, Long.MIN_VALUE}) {
        ReleaseEvent event = releases.publish(releases.draft(1, seed));
        byte[] written = Codecs.releases().encode(event);
        assertEquals(
            event.release(), Codecs.releases().decode(written, Origin.UNWRITTEN).release());
        ids.add(event.release());
      }
      assertEquals(3, ids.size(), "each is another");
    }
  }
}
