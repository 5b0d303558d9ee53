package dev.millrace.job.operator;

import java.io.Serializable;

/** Opens what a subtask works with when its task starts: a model, a store, a connection. */
@FunctionalInterface
public interface Opener<T> extends Serializable {
  Opened<T> open(int subtask) throws Exception;
}
