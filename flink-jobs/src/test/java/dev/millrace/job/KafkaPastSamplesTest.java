package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KafkaPastSamplesTest {

  private static final MillraceConfig CONFIG = MillraceConfig.defaults();

  private final KafkaPastSamples past =
      new KafkaPastSamples(CONFIG.kafka(), TinyParts.tokens(CONFIG));

  /** A learn job that throws here would do so after each restart. */
  @Test
  void tokens_placeOfWhatIsNoSample_isAsIfItHadExpired() {
    Origin sample = new Origin("samples", 0, 3);
    Origin other = new Origin("samples", 0, 4);
    Map<Origin, int[]> found =
        past.tokens(
            List.of(
                new RawRecord(sample, 1, null, encoded(sample)),
                new RawRecord(other, 1, null, new byte[] {1, 2}),
                new RawRecord(new Origin("samples", 0, 5), 1, null, null)));
    assertEquals(Set.of(sample), found.keySet());
  }

  private static byte[] encoded(Origin origin) {
    return Codecs.samples().encode(Sample.ofText("s", "a", "b", "d", "text", 0, origin));
  }
}
