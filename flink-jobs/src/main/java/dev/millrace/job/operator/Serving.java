package dev.millrace.job.operator;

import dev.millrace.model.serve.Responder;
import dev.millrace.model.swap.LiveReleases;

/** What a serving subtask works with: who answers, and the releases that answer. */
public record Serving(Responder responder, LiveReleases releases) {}
