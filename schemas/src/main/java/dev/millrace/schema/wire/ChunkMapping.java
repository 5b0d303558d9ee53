package dev.millrace.schema.wire;

import dev.millrace.schema.Chunk;
import dev.millrace.schema.Origin;

/** Chunks of answers. */
final class ChunkMapping implements Mapping<Chunk, dev.millrace.schema.avro.Chunk> {

  @Override
  public dev.millrace.schema.avro.Chunk toAvro(Chunk chunk) {
    return dev.millrace.schema.avro.Chunk.newBuilder()
        .setRequest(chunk.request())
        .setRequestOrigin(Origins.toAvro(chunk.requestOrigin()))
        .setTenant(chunk.tenant())
        .setIndex(chunk.index())
        .setText(chunk.text())
        .setRelease(chunk.release())
        .setBase(chunk.base())
        .setLogProbs(TokenLogProbs.toAvro(chunk.logProbs()))
        .build();
  }

  @Override
  public Chunk fromAvro(dev.millrace.schema.avro.Chunk value, Origin origin) {
    return new Chunk(
        value.getRequest(),
        Origins.fromAvro(value.getRequestOrigin()),
        value.getTenant(),
        value.getIndex(),
        value.getText(),
        value.getRelease(),
        value.getBase(),
        TokenLogProbs.fromAvro(value.getLogProbs()));
  }
}
