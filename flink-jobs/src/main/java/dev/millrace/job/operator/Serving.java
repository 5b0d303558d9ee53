package dev.millrace.job.operator;

import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.swap.LiveReleases;

/** What a serving subtask works with: who answers, the releases that answer, and what is kept. */
public record Serving(Responder responder, LiveReleases releases, AnswerCache cache) {}
