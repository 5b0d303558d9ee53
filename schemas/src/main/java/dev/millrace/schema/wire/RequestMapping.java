package dev.millrace.schema.wire;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import java.util.List;

/** Requests, whatever they ask for: one that is invalid must still be answered. */
final class RequestMapping implements Mapping<Request, dev.millrace.schema.avro.Request> {

  @Override
  public Class<dev.millrace.schema.avro.Request> avroClass() {
    return dev.millrace.schema.avro.Request.class;
  }

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
        .build();
  }

  @Override
  public Request fromAvro(dev.millrace.schema.avro.Request value, Origin origin) {
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
        origin);
  }
}
