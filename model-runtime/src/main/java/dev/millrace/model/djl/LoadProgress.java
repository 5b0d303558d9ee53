package dev.millrace.model.djl;

/** Hears how far a checkpoint has been loaded. */
public interface LoadProgress {

  /** Hears nothing. */
  LoadProgress SILENT = (done, total) -> {};

  /** {@code done} of {@code total} weights are loaded. */
  void loaded(long done, long total);
}
