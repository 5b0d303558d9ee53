package dev.millrace.job.operator;

import dev.millrace.schema.Request;
import org.jspecify.annotations.Nullable;

/** A request, and the key under which its caller wants the answer; null if it gave none. */
public record KeyedRequest(byte @Nullable [] key, Request request) {}
