package dev.millrace.job.config;

import java.io.Serializable;

/**
 * Which documents never teach.
 *
 * @param everyNth one document in so many, by hash, is held out ({@code demo} and {@code adapt}
 *     take 5). It must stay: a job that goes on from its state with another is refused
 */
public record HeldOutConfig(int everyNth) implements Serializable {

  static HeldOutConfig defaults() {
    return new HeldOutConfig(10);
  }
}
