package dev.millrace.schema.wire;

import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import java.nio.ByteBuffer;

/** Samples. */
final class SampleMapping implements Mapping<Sample, dev.millrace.schema.avro.Sample> {

  @Override
  public dev.millrace.schema.avro.Sample toAvro(Sample sample) {
    return dev.millrace.schema.avro.Sample.newBuilder()
        .setId(sample.id())
        .setSource(sample.source())
        .setDocument(sample.document())
        .setTenant(sample.tenant())
        .setDomain(sample.domain())
        .setModality(dev.millrace.schema.avro.Modality.valueOf(sample.modality().name()))
        .setText(sample.text())
        .setMedia(ByteBuffer.wrap(sample.media()))
        .setCaption(sample.caption())
        .setEventTimeMillis(sample.eventTimeMillis())
        .build();
  }

  @Override
  public Sample fromAvro(dev.millrace.schema.avro.Sample value, Origin origin)
      throws InvalidRecordException {
    return Samples.valid(
        new Sample(
            value.getId(),
            value.getSource(),
            value.getDocument(),
            value.getTenant(),
            value.getDomain(),
            Modality.valueOf(value.getModality().name()),
            value.getText(),
            Mapping.bytes(value.getMedia()),
            value.getCaption(),
            value.getEventTimeMillis(),
            origin));
  }
}
