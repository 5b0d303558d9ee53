package dev.millrace.adapter.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.schema.Origin;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnoughEvidenceTest {

  /** By default 4 samples and 400 tokens, or 16 samples of any length. */
  @ParameterizedTest
  @CsvSource({
    "3, 500, false",
    "4, 99, false",
    "4, 100, true",
    "15, 8, false",
    "16, 8, true",
  })
  void judge_fewLongOrManyShort_areEnough(int samples, int tokens, boolean enough) {
    List<HeldOut> heldOut =
        IntStream.range(0, samples)
            .mapToObj(
                i -> new HeldOut("s" + i, new Origin("t", 0, i), new int[tokens + 1], 1, -1, -1))
            .toList();
    assertEquals(enough, new EnoughEvidence().judge(heldOut, GateConfig.defaults()).passed());
  }
}
