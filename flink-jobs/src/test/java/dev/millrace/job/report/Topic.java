package dev.millrace.job.report;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.Request;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Records as a consumer of one partition would find them, for the tests of reports. */
public final class Topic {

  static final String BASE = "b".repeat(64);

  private Topic() {}

  /** What a run of samples, their refusals and verdicts alone would leave. */
  public static Recording recording(
      List<Committed<Arrival>> samples,
      List<Committed<Rejection>> rejections,
      List<Committed<Verdict>> verdicts) {
    return new Recording(samples, rejections, verdicts, List.of(), List.of(), List.of(), List.of());
  }

  static Committed<Request> request(String id, long offset, long at) {
    return request(id, offset, at, Request.Task.SCORE, "p", 0, true);
  }

  static Committed<Request> generate(
      String id, long offset, String prompt, int tokens, boolean cached) {
    return request(id, offset, 0, Request.Task.GENERATE, prompt, tokens, cached);
  }

  private static Committed<Request> request(
      String id,
      long offset,
      long at,
      Request.Task task,
      String prompt,
      int tokens,
      boolean cached) {
    Origin origin = new Origin("requests", 0, offset);
    Request request =
        Request.builder(id, task, prompt)
            .domain("d")
            .maxTokens(tokens)
            .cached(cached)
            .eventTimeMillis(at)
            .origin(origin)
            .build();
    return new Committed<>(request, origin, at, at);
  }

  static Committed<Answer> answer(
      String id, long requestOffset, @Nullable String error, @Nullable String release, long at) {
    return answer(id, requestOffset, error, release, at, 0);
  }

  static Committed<Answer> answer(
      String id,
      long requestOffset,
      @Nullable String error,
      @Nullable String release,
      long at,
      int subtask) {
    Answer answer =
        new Answer(
            id,
            new Origin("requests", 0, requestOffset),
            null,
            "d",
            Request.Task.SCORE,
            error,
            "",
            -3,
            2,
            5,
            new float[0],
            release,
            BASE,
            List.of(),
            Answer.From.MODEL,
            subtask,
            release == null ? 0 : at - 40,
            at,
            0,
            false,
            2,
            List.of());
    return new Committed<>(answer, new Origin("answers", 0, at), at, at + 1);
  }

  static Committed<Arrival> sample(long offset, long at) {
    return sample(offset, at, "text");
  }

  static Committed<Arrival> sample(long offset, long at, String text) {
    Origin origin = new Origin("samples", 0, offset);
    Sample sample = Sample.ofText("s" + offset, "test", "doc", "d", text, at, origin);
    return new Committed<>(new Arrival(sample), origin, at, at);
  }

  static Committed<Rejection> rejection(long sampleOffset, String reason) {
    Rejection rejection =
        new Rejection(
            new Origin("samples", 0, sampleOffset), "s" + sampleOffset, "d", reason, "why", 0.1);
    return new Committed<>(rejection, new Origin("rejected", 0, sampleOffset), 0, 0);
  }

  /** A verdict that one rule refused, or none. */
  static Committed<Verdict> verdict(long batch, @Nullable String refusedBy, long tokens) {
    Verdict verdict =
        new Verdict(
            null,
            "d",
            batch,
            refusedBy == null ? "r" + batch : null,
            null,
            refusedBy == null,
            List.of(
                new RuleResult("finite", true, "", Map.of()),
                new RuleResult(
                    refusedBy == null ? "better-than-incumbent" : refusedBy,
                    refusedBy == null,
                    refusedBy == null ? "" : "too large",
                    Map.of())),
            8,
            tokens,
            5,
            List.of());
    return new Committed<>(verdict, new Origin("verdicts", 0, batch), 0, 0);
  }
}
