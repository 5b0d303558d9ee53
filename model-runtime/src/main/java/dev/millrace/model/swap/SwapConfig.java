package dev.millrace.model.swap;

/**
 * What stays within reach beside the current releases.
 *
 * @param loaded how many releases that are no alias any more stay in memory; half of the room is
 *     for those that were asked for meanwhile
 * @param known how many releases can be asked for by id
 */
public record SwapConfig(int loaded, int known) {

  public static SwapConfig defaults() {
    return new SwapConfig(32, 10_000);
  }
}
