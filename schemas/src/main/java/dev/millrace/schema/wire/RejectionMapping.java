package dev.millrace.schema.wire;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import org.jspecify.annotations.Nullable;

/**
 * Rejections; a quality that was not computed is NaN here and null in the value. A text is told as
 * far as there is room, both ways: whoever follows the topic holds many.
 */
final class RejectionMapping implements Mapping<Rejection, dev.millrace.schema.avro.Rejection> {

  @Override
  public dev.millrace.schema.avro.Rejection toAvro(Rejection rejection) {
    return dev.millrace.schema.avro.Rejection.newBuilder()
        .setOrigin(Origins.toAvro(rejection.origin()))
        .setId(Checks.cut(rejection.id()))
        .setDomain(Checks.cut(rejection.domain()))
        .setReason(Shortened.of(rejection.reason(), Limits.ID_BYTES))
        .setDetail(Shortened.of(rejection.detail(), Limits.REASON_BYTES))
        .setQuality(Double.isNaN(rejection.quality()) ? null : rejection.quality())
        .build();
  }

  @Override
  public Rejection fromAvro(dev.millrace.schema.avro.Rejection value, Origin origin) {
    @Nullable Double quality = value.getQuality();
    return new Rejection(
        Origins.fromAvro(value.getOrigin()),
        Checks.cut(value.getId()),
        Checks.cut(value.getDomain()),
        Shortened.of(value.getReason(), Limits.ID_BYTES),
        Shortened.of(value.getDetail(), Limits.REASON_BYTES),
        quality == null ? Double.NaN : quality);
  }
}
