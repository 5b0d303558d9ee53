package dev.millrace.job.loop;

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
 * @param batch samples of a training batch
 * @param seed of every draw
 */
public record RunConfig(
    String command,
    Path base,
    Path folder,
    Duration feeding,
    Duration lasting,
    int requests,
    int batch,
    long seed) {

  public Path store() {
    return folder.resolve("store");
  }
}
