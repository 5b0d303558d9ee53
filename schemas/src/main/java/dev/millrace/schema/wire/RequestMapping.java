package dev.millrace.schema.wire;

import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Requests, whatever they ask for: one that is invalid must still be answered, unless its answer
 * would repeat what is too long.
 */
final class RequestMapping implements Mapping<Request, dev.millrace.schema.avro.Request> {

  private static final byte[] NO_BYTES = {};

  @Override
  public dev.millrace.schema.avro.Request toAvro(Request request) {
    return dev.millrace.schema.avro.Request.newBuilder()
        .setId(request.id())
        .setTenant(request.tenant())
        .setDomain(request.domain())
        .setRelease(request.release())
        .setTask(dev.millrace.schema.avro.Task.valueOf(request.task().name()))
        .setPrompt(request.prompt())
        .setMaxTokens(request.maxTokens())
        .setTemperature(request.temperature())
        .setSeed(request.seed())
        .setCached(request.cached())
        .setEventTimeMillis(request.eventTimeMillis())
        .setTopK(request.topK())
        .setTopP(request.topP())
        .setStop(request.stop())
        .setDeadlineMillis(request.deadlineMillis())
        .setCancels(request.cancels())
        .setStream(request.stream())
        .setModality(dev.millrace.schema.avro.Modality.valueOf(modality(request.media()).name()))
        .setMedia(ByteBuffer.wrap(request.media() == null ? NO_BYTES : request.media().bytes()))
        .setExact(request.exact())
        .setLogProbs(request.logProbs())
        .build();
  }

  private static Modality modality(@Nullable Media media) {
    return media == null ? Modality.TEXT : media.modality();
  }

  @Override
  public Request fromAvro(dev.millrace.schema.avro.Request value, Origin origin)
      throws InvalidRecordException {
    Request request = read(value, origin);
    Requests.requireBounded(request);
    return request;
  }

  private static Request read(dev.millrace.schema.avro.Request value, Origin origin) {
    return new Request(
        value.getId(),
        value.getTenant(),
        value.getDomain(),
        value.getRelease(),
        Request.Task.valueOf(value.getTask().name()),
        value.getPrompt(),
        value.getMaxTokens(),
        value.getTemperature(),
        value.getTopK(),
        value.getTopP(),
        value.getSeed(),
        List.copyOf(value.getStop()),
        value.getCached(),
        value.getEventTimeMillis(),
        value.getDeadlineMillis(),
        value.getCancels(),
        value.getStream(),
        media(Modality.valueOf(value.getModality().name()), Mapping.bytes(value.getMedia())),
        value.getExact(),
        value.getLogProbs(),
        origin);
  }

  /** Null for a text alone. */
  static @Nullable Media media(Modality modality, byte[] bytes) {
    return modality == Modality.TEXT && bytes.length == 0 ? null : new Media(modality, bytes);
  }
}
