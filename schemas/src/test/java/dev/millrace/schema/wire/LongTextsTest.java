package dev.millrace.schema.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import java.util.List;
import java.util.Map;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/** What no job writes, but whoever may write to the topics of rejections and verdicts could. */
class LongTextsTest {

  private static final String LONG = "x".repeat(1 << 20);
  private static final String NAME = Shortened.of(LONG, Limits.ID_BYTES);
  private static final String REASON = Shortened.of(LONG, Limits.REASON_BYTES);

  @Test
  void rejection_isWritten_itsTextsAreShortened() {
    Rejection rejection = new Rejection(Records.HERE, LONG, LONG, LONG, LONG, Double.NaN);
    assertTrue(Codecs.rejections().encode(rejection).length < 2 * Limits.REASON_BYTES);
  }

  @Test
  void rejection_isRead_itsTextsAreShortened() throws Exception {
    byte[] written =
        encoded(
            dev.millrace.schema.avro.Rejection.newBuilder()
                .setOrigin(Origins.toAvro(new Origin(LONG, 0, 7)))
                .setId(LONG)
                .setDomain(LONG)
                .setReason(LONG)
                .setDetail(LONG)
                .setQuality(0.5)
                .build());
    assertEquals(
        new Rejection(new Origin(NAME, 0, 7), NAME, NAME, NAME, REASON, 0.5),
        Codecs.rejections().decode(written, Records.HERE));
  }

  @Test
  void verdict_isWritten_itsReasonsAreShortened() {
    RuleResult rule = new RuleResult("not-empty", false, LONG, Map.of());
    Verdict verdict = verdict(rule);
    assertTrue(Codecs.verdicts().encode(verdict).length < 2 * Limits.REASON_BYTES);
  }

  @Test
  void verdict_isRead_itsTextsAreShortened() throws Exception {
    dev.millrace.schema.avro.RuleResult rule =
        dev.millrace.schema.avro.RuleResult.newBuilder()
            .setRule(LONG)
            .setPassed(false)
            .setReason(LONG)
            .setFigures(Map.of(LONG, 1.0))
            .build();
    dev.millrace.schema.avro.Verdict written =
        new VerdictMapping().toAvro(verdict(RuleResult.of("r", true, "", Map.of())));
    written.put("tenant", LONG);
    written.put("domain", LONG);
    written.put("release", LONG);
    written.put("parent", LONG);
    written.put("rules", List.of(rule));
    Verdict read = Codecs.verdicts().decode(encoded(written), Records.HERE);
    assertEquals(List.of(new RuleResult(NAME, false, REASON, Map.of(NAME, 1.0))), read.rules());
    assertEquals(
        List.of(NAME, NAME, NAME, NAME),
        List.of(
            String.valueOf(read.tenant()),
            read.domain(),
            String.valueOf(read.release()),
            String.valueOf(read.parent())));
  }

  private static Verdict verdict(RuleResult rule) {
    return new Verdict(null, "d", 1, null, null, false, List.of(rule), 1, 1, 1, List.of());
  }

  private static <A extends SpecificRecord> byte[] encoded(A value) throws Exception {
    return new BinaryMessageEncoder<A>(new GeneratedClasses(value.getClass()), value.getSchema())
        .encode(value)
        .array();
  }
}
