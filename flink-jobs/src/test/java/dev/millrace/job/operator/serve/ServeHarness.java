package dev.millrace.job.operator.serve;

import dev.millrace.job.operator.KeyedAnswer;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.job.operator.Outputs;
import dev.millrace.job.operator.Streams;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.apache.flink.streaming.api.operators.BoundedMultiInput;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.jspecify.annotations.Nullable;

/** The serve operator between requests, release events and answers. */
final class ServeHarness extends AbstractStreamOperatorTestHarness<KeyedAnswer> {

  static final int MAX_PARALLELISM = 8;

  ServeHarness(ServeOperatorFactory factory, int parallelism, int subtask) throws Exception {
    super(factory, MAX_PARALLELISM, parallelism, subtask);
    setup();
  }

  /** Requests by such numbers. */
  void ask(long from, long to) throws Exception {
    for (long i = from; i < to; i++) {
      ask(null, Streams.request(i));
    }
  }

  void ask(@Nullable String key, Request request) throws Exception {
    byte[] bytes = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
    serve().processElement1(new StreamRecord<>(new KeyedRequest(bytes, request)));
  }

  void follow(ReleaseEvent event) throws Exception {
    serve().processElement2(new StreamRecord<>(event));
  }

  void endRequests() throws Exception {
    ((BoundedMultiInput) getOperator()).endInput(1);
  }

  void endReleases() throws Exception {
    ((BoundedMultiInput) getOperator()).endInput(2);
  }

  void runOneMail() throws Exception {
    getTaskMailbox().take(0).run();
  }

  /** The n-th answer that left. */
  Answer answer(int n) {
    return extractOutputValues().get(n).answer();
  }

  /** What the answers so far are to. */
  List<String> answered() {
    return extractOutputValues().stream()
        .map(answer -> answer.answer().request())
        .collect(Collectors.toCollection(ArrayList::new));
  }

  List<Rejection> rejected() {
    var records = getSideOutput(Outputs.REJECTED);
    return records == null
        ? List.of()
        : records.stream().map(StreamRecord::getValue).map(Objects::requireNonNull).toList();
  }

  @SuppressWarnings("unchecked")
  private TwoInputStreamOperator<KeyedRequest, ReleaseEvent, KeyedAnswer> serve() {
    return (TwoInputStreamOperator<KeyedRequest, ReleaseEvent, KeyedAnswer>)
        (TwoInputStreamOperator<?, ?, ?>) getOperator();
  }
}
