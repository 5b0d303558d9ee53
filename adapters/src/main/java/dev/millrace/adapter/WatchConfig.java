package dev.millrace.adapter;

import java.io.Serializable;

/**
 * When a release is taken back for what it makes of samples that nobody has learned yet.
 *
 * @param samples of each batch that are scored by it and by the release before it; 0 watches
 *     nothing
 * @param window samples that count, the latest ones
 * @param least samples below which nothing is taken back
 * @param bound greatest relative rise of the loss over that of the release before
 * @param level share of bootstrap resamples in which the loss must be the greater
 * @param resamples of the paired bootstrap
 * @param withheld share of the keys that the release before goes on answering until fresh samples
 *     have shown that the new one may stay: 1 has it answer nobody (a shadow), 0 everybody at once
 */
public record WatchConfig(
    int samples, int window, int least, double bound, double level, int resamples, double withheld)
    implements Serializable {

  /** What the demo runs with. */
  public static WatchConfig defaults() {
    return new WatchConfig(16, 64, 16, 0.01, 0.99, 1000, 0);
  }
}
