package dev.millrace.job.operator;

import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.swap.LiveReleases;

/** What a serving subtask works with: who answers, the releases that answer, and what is kept. */
public record Serving(Responder responder, LiveReleases releases, AnswerCache cache) {

  /** Between two tries at a release that cannot be read now. */
  public static final long AGAIN_MILLIS = 5_000;
}
