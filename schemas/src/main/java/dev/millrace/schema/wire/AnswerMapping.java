package dev.millrace.schema.wire;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import java.util.ArrayList;
import java.util.List;

/** Answers. */
final class AnswerMapping implements Mapping<Answer, dev.millrace.schema.avro.Answer> {

  @Override
  public dev.millrace.schema.avro.Answer toAvro(Answer answer) {
    return dev.millrace.schema.avro.Answer.newBuilder()
        .setRequest(answer.request())
        .setRequestOrigin(Origins.toAvro(answer.requestOrigin()))
        .setTenant(answer.tenant())
        .setDomain(answer.domain())
        .setTask(dev.millrace.schema.avro.Task.valueOf(answer.task().name()))
        .setError(answer.error())
        .setText(answer.text())
        .setLogProb(answer.logProb())
        .setTokens(answer.tokens())
        .setBytes(answer.bytes())
        .setEmbedding(boxed(answer.embedding()))
        .setRelease(answer.release())
        .setBase(answer.base())
        .setLearnedTo(answer.learnedTo().stream().map(Origins::toAvro).toList())
        .setFrom(dev.millrace.schema.avro.From.valueOf(answer.from().name()))
        .setSubtask(answer.subtask())
        .setReleaseReadMillis(answer.releaseReadMillis())
        .setAnsweredMillis(answer.answeredMillis())
        .setSimilarity(answer.similarity())
        .setStopped(answer.stopped())
        .setPromptTokens(answer.promptTokens())
        .setLogProbs(TokenLogProbs.toAvro(answer.logProbs()))
        .build();
  }

  @Override
  public Answer fromAvro(dev.millrace.schema.avro.Answer value, Origin origin) {
    return new Answer(
        value.getRequest(),
        Origins.fromAvro(value.getRequestOrigin()),
        value.getTenant(),
        value.getDomain(),
        Request.Task.valueOf(value.getTask().name()),
        value.getError(),
        value.getText(),
        value.getLogProb(),
        value.getTokens(),
        value.getBytes(),
        unboxed(value.getEmbedding()),
        value.getRelease(),
        value.getBase(),
        value.getLearnedTo().stream().map(Origins::fromAvro).toList(),
        Answer.From.valueOf(value.getFrom().name()),
        value.getSubtask(),
        value.getReleaseReadMillis(),
        value.getAnsweredMillis(),
        value.getSimilarity(),
        value.getStopped(),
        value.getPromptTokens(),
        TokenLogProbs.fromAvro(value.getLogProbs()));
  }

  private static List<Float> boxed(float[] values) {
    List<Float> boxed = new ArrayList<>(values.length);
    for (float value : values) {
      boxed.add(value);
    }
    return boxed;
  }

  private static float[] unboxed(List<Float> values) {
    float[] unboxed = new float[values.size()];
    for (int i = 0; i < unboxed.length; i++) {
      unboxed[i] = values.get(i);
    }
    return unboxed;
  }
}
