package dev.millrace.schema.wire;

import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Verdicts, with what each rule found. A text is told as far as there is room, both ways: whoever
 * follows the topic holds many.
 */
final class VerdictMapping implements Mapping<Verdict, dev.millrace.schema.avro.Verdict> {

  @Override
  public dev.millrace.schema.avro.Verdict toAvro(Verdict verdict) {
    return dev.millrace.schema.avro.Verdict.newBuilder()
        .setTenant(verdict.tenant())
        .setDomain(verdict.domain())
        .setBatch(verdict.batch())
        .setRelease(verdict.release())
        .setParent(verdict.parent())
        .setAccepted(verdict.accepted())
        .setRules(verdict.rules().stream().map(VerdictMapping::toAvro).toList())
        .setSamples(verdict.samples())
        .setTokens(verdict.tokens())
        .setTrainMillis(verdict.trainMillis())
        .setQualities(verdict.qualities())
        .setAlignment(verdict.isOfAlignment())
        .setBase(verdict.kind() == Kind.BASE)
        .build();
  }

  @Override
  public Verdict fromAvro(dev.millrace.schema.avro.Verdict value, Origin origin) {
    return new Verdict(
        Checks.cut(value.getTenant()),
        Shortened.of(value.getDomain(), Limits.ID_BYTES),
        value.getBatch(),
        Checks.cut(value.getRelease()),
        Checks.cut(value.getParent()),
        value.getAccepted(),
        value.getRules().stream().map(VerdictMapping::fromAvro).toList(),
        value.getSamples(),
        value.getTokens(),
        value.getTrainMillis(),
        List.copyOf(value.getQualities()),
        kind(value));
  }

  private static Kind kind(dev.millrace.schema.avro.Verdict value) {
    Kind adapter = value.getAlignment() ? Kind.ALIGNMENT : Kind.ADAPTER;
    return value.getBase() ? Kind.BASE : adapter;
  }

  private static dev.millrace.schema.avro.RuleResult toAvro(RuleResult result) {
    return dev.millrace.schema.avro.RuleResult.newBuilder()
        .setRule(result.rule())
        .setPassed(result.passed())
        .setReason(Shortened.of(result.reason(), Limits.REASON_BYTES))
        .setFigures(result.figures())
        .build();
  }

  private static RuleResult fromAvro(dev.millrace.schema.avro.RuleResult value) {
    Map<String, Double> figures =
        value.getFigures().entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    figure -> Shortened.of(figure.getKey(), Limits.ID_BYTES),
                    Map.Entry::getValue,
                    (first, same) -> first));
    return new RuleResult(
        Shortened.of(value.getRule(), Limits.ID_BYTES),
        value.getPassed(),
        Shortened.of(value.getReason(), Limits.REASON_BYTES),
        figures);
  }
}
