package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.io.RawRecord;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TaughtSamplesTest {

  /** A learn job that throws here would do so after each restart. */
  @Test
  void among_placeOfWhatIsNoSample_isAsIfItHadExpired() {
    Map<Origin, Sample> found =
        TaughtSamples.among(
            List.of(
                new RawRecord(at(3), 1, null, encoded("s3")),
                new RawRecord(at(4), 1, null, new byte[] {1, 2}),
                new RawRecord(at(5), 1, null, null)),
            ids(3, 4, 5));
    assertEquals(Set.of(at(3)), found.keySet());
  }

  /** Of a topic that was made anew: nobody has judged that sample, and it may be held out. */
  @Test
  void among_placeOfAnotherSample_isAsIfItHadExpired() {
    Map<Origin, Sample> found =
        TaughtSamples.among(
            List.of(
                new RawRecord(at(3), 1, null, encoded("s3")),
                new RawRecord(at(4), 1, null, encoded("another"))),
            ids(3, 4));
    assertEquals(Set.of(at(3)), found.keySet());
  }

  @Test
  void gone_someAreNotThere_namesTheFirstOfThem() {
    Map<Origin, String> ids = ids(3, 4, 5, 12, 13);
    assertEquals("", TaughtSamples.gone(ids, ids.keySet()));
    assertEquals(
        "4 of 5 samples are not on their topic any more, such as s3 (samples, partition 0, offset 3); s5 (samples, partition 0, offset 5); s12 (samples, partition 0, offset 12)",
        TaughtSamples.gone(ids, Set.of(at(4))));
  }

  private static Map<Origin, String> ids(long... offsets) {
    Map<Origin, String> ids = new HashMap<>();
    for (long offset : offsets) {
      ids.put(at(offset), "s" + offset);
    }
    return ids;
  }

  private static Origin at(long offset) {
    return new Origin("samples", 0, offset);
  }

  private static byte[] encoded(String id) {
    return Codecs.samples().encode(Sample.ofText(id, "a", "b", "d", "text", 0, Origin.UNWRITTEN));
  }
}
