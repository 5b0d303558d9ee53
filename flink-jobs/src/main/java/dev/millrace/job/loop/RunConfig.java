package dev.millrace.job.loop;

import dev.millrace.job.config.MillraceConfig;
import java.nio.file.Path;
import java.time.Duration;

/**
 * One run.
 *
 * @param command as the user gave it, for the report
 * @param base the base model's checkpoint folder
 * @param folder where the report and the release store go
 * @param feeding how long samples may be sent at most
 * @param lasting about how long requests are sent
 * @param requests how many requests to send at least while the run lasts
 * @param config of the jobs, but for where this run has its broker, cache and folders
 * @param seed of every draw
 */
public record RunConfig(
    String command,
    Path base,
    Path folder,
    Duration feeding,
    Duration lasting,
    int requests,
    MillraceConfig config,
    long seed) {

  /**
   * One document in so many is held out where nothing else was set: a run of minutes reads a few
   * dozen of a domain, and of one in ten too few judge. What is of one in ten is of these, too.
   */
  public static final int HELD_OUT_EVERY = 5;

  public Path store() {
    return folder.resolve("store");
  }
}
