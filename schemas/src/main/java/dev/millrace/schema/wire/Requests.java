package dev.millrace.schema.wire;

import dev.millrace.schema.Media;
import dev.millrace.schema.Request;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a request that was decoded must satisfy before a model may answer it. */
public final class Requests {

  /** How errors begin that are not about what was asked: asked again, it may be answered. */
  private static final Set<String> OF_SERVING =
      Set.of(
          "overloaded",
          "cancelled",
          "deadline-passed",
          "closed",
          "release-unreadable",
          "release-invalid",
          "alias-mismatch",
          "base-mismatch",
          "batch-mismatch",
          "routing-mismatch",
          "not-finite",
          "model-failed");

  private Requests() {}

  /** Whether an answer's error is a mistake of its request, which no other try mends. */
  public static boolean isMistake(String error) {
    return !OF_SERVING.contains(error.split(":", 2)[0]);
  }

  /** Why the request cannot be answered, as its answer's error; null if it can. */
  public static @Nullable String problem(Request request) {
    Problem problem = check(request);
    return problem == null ? null : problem.toString();
  }

  /**
   * Refuses a key that is too long to wait in a job's state, or to be the answer's.
   *
   * @param key under which the request came; null if it has none
   * @throws InvalidRecordException if it is longer than {@link Limits#ID_BYTES}
   */
  public static void requireBounded(byte @Nullable [] key, Request request)
      throws InvalidRecordException {
    if (key != null && key.length > Limits.ID_BYTES) {
      String detail = "key has " + key.length + " bytes, expected at most " + Limits.ID_BYTES;
      refuse(new Problem("too-long", detail), request);
    }
  }

  /** The same of what the answer repeats. */
  static void requireBounded(Request request) throws InvalidRecordException {
    refuse(
        Problem.first(
            name("id", request.id()),
            name("tenant", request.tenant()),
            name("domain", request.domain()),
            name("release", request.release()),
            name("cancels", request.cancels())),
        request);
  }

  private static @Nullable Problem name(String what, @Nullable String value) {
    return value == null ? null : Checks.length(what, value, Limits.ID_BYTES);
  }

  private static void refuse(@Nullable Problem problem, Request request)
      throws InvalidRecordException {
    if (problem != null) {
      throw new InvalidRecordException(problem, request.id(), request.domain());
    }
  }

  static @Nullable Problem check(Request request) {
    return Problem.first(
        Checks.id(request.id()),
        Checks.name("tenant", request.tenant()),
        Checks.name("domain", request.domain()),
        Checks.release("release", request.release()),
        request.cancels() == null ? question(request) : Checks.id(request.cancels()),
        Checks.time("eventTimeMillis", request.eventTimeMillis()),
        Checks.time("deadlineMillis", request.deadlineMillis()));
  }

  private static @Nullable Problem question(Request request) {
    return Problem.first(media(request), prompt(request), generation(request));
  }

  private static @Nullable Problem media(Request request) {
    Media media = request.media();
    if (media == null) {
      return null;
    }
    String what = "media is " + media;
    boolean embeds = request.task() == Request.Task.EMBED;
    if (media.isText() && !embeds) {
      return new Problem("bad-modality", what + ", expected IMAGE or AUDIO");
    }
    if (embeds && !request.prompt().isEmpty()) {
      return new Problem(
          "bad-modality", what + ", expected no prompt: EMBED takes one or the other");
    }
    if (media.bytes().length == 0) {
      return new Problem("bad-modality", what + ", expected its bytes");
    }
    int most = media.isText() ? Limits.PROMPT_BYTES : Limits.REQUEST_MEDIA_BYTES;
    return media.bytes().length <= most
        ? null
        : new Problem("too-long", what + ", expected at most " + most);
  }

  /** A picture or a sound may be asked about without a word, unless the words say who answers. */
  private static @Nullable Problem prompt(Request request) {
    String prompt = request.prompt();
    boolean silent =
        request.media() != null && request.task() != Request.Task.SCORE && !request.isAssigned();
    if (prompt.isEmpty() && !silent) {
      return new Problem("empty-prompt", "prompt is \"\", expected text");
    }
    return Checks.length("prompt", prompt, Limits.PROMPT_BYTES);
  }

  private static @Nullable Problem generation(Request request) {
    return switch (request.task()) {
      case GENERATE ->
          Problem.first(
              maxTokens(request.maxTokens()),
              temperature(request.temperature()),
              topK(request.topK()),
              topP(request.topP()),
              stop(request.stop()));
      case SCORE, EMBED -> null;
    };
  }

  private static @Nullable Problem maxTokens(int maxTokens) {
    if (maxTokens >= 0 && maxTokens <= Limits.MAX_TOKENS) {
      return null;
    }
    String detail = "maxTokens is " + maxTokens + ", expected 0.." + Limits.MAX_TOKENS;
    return new Problem("bad-max-tokens", detail);
  }

  private static @Nullable Problem temperature(double temperature) {
    if (temperature >= 0 && temperature <= Limits.MAX_TEMPERATURE) {
      return null;
    }
    String detail = "temperature is " + temperature + ", expected 0.." + Limits.MAX_TEMPERATURE;
    return new Problem("bad-temperature", detail);
  }

  private static @Nullable Problem topK(int topK) {
    return topK >= 0
        ? null
        : new Problem("bad-top-k", "topK is " + topK + ", expected 0 (all) or more");
  }

  private static @Nullable Problem topP(double topP) {
    return topP > 0 && topP <= 1
        ? null
        : new Problem("bad-top-p", "topP is " + topP + ", expected more than 0, at most 1");
  }

  private static @Nullable Problem stop(List<String> stop) {
    if (stop.size() > Limits.STOPS) {
      String detail = "stop has " + stop.size() + " texts, expected at most " + Limits.STOPS;
      return new Problem("bad-stop", detail);
    }
    for (int i = 0; i < stop.size(); i++) {
      String what = "stop[" + i + "]";
      if (stop.get(i).isEmpty()) {
        return new Problem("bad-stop", what + " is \"\", expected text");
      }
      Problem tooLong = Checks.length(what, stop.get(i), Limits.STOP_BYTES);
      if (tooLong != null) {
        return new Problem("bad-stop", tooLong.detail());
      }
    }
    return null;
  }
}
