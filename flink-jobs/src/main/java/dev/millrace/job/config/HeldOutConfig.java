package dev.millrace.job.config;

import java.io.Serializable;

/**
 * Which documents never teach.
 *
 * @param everyNth one document in so many, by hash, is held out. For a job that goes on from its
 *     state it must stay: what judges by the old choice judges on, and may teach
 */
public record HeldOutConfig(int everyNth) implements Serializable {

  static HeldOutConfig defaults() {
    return new HeldOutConfig(10);
  }
}
