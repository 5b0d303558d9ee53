package dev.millrace.adapter.train;

/** Asked between micro-batches; it may block to pause, and never changes what is computed. */
@FunctionalInterface
public interface Governor {

  /** Returns when training may go on; false gives it up without a trace. */
  boolean proceed();

  /** Never pauses, never gives up. */
  static Governor none() {
    return () -> true;
  }
}
