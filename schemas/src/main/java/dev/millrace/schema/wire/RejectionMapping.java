package dev.millrace.schema.wire;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import org.jspecify.annotations.Nullable;

/** Rejections; a quality that was not computed is NaN here and null in the value. */
final class RejectionMapping implements Mapping<Rejection, dev.millrace.schema.avro.Rejection> {

  @Override
  public dev.millrace.schema.avro.Rejection toAvro(Rejection rejection) {
    return dev.millrace.schema.avro.Rejection.newBuilder()
        .setOrigin(Origins.toAvro(rejection.origin()))
        .setId(rejection.id())
        .setDomain(rejection.domain())
        .setReason(rejection.reason())
        .setDetail(rejection.detail())
        .setQuality(Double.isNaN(rejection.quality()) ? null : rejection.quality())
        .build();
  }

  @Override
  public Rejection fromAvro(dev.millrace.schema.avro.Rejection value, Origin origin) {
    @Nullable Double quality = value.getQuality();
    return new Rejection(
        Origins.fromAvro(value.getOrigin()),
        value.getId(),
        value.getDomain(),
        value.getReason(),
        value.getDetail(),
        quality == null ? Double.NaN : quality);
  }
}
