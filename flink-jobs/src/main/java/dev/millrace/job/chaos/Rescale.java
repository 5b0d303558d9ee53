package dev.millrace.job.chaos;

import dev.millrace.job.io.KeptCheckpoints;
import dev.millrace.model.release.ReleaseFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.random.RandomGenerator;

/**
 * The learn job is stopped with a savepoint, or lost, and goes on from the savepoint, or from its
 * newest checkpoint, with one subtask in place of two, or with two in place of one.
 */
record Rescale() implements Fault {

  @Override
  public Struck strike(Site site, RandomGenerator random) throws InterruptedException {
    String from = random.nextBoolean() ? site.jobs().stopLearn() : lose(site);
    return new Struck(
        "from " + from.substring(from.lastIndexOf('/') + 1), () -> site.jobs().rescaleLearn(from));
  }

  private static String lose(Site site) throws InterruptedException {
    String folder = ReleaseFiles.uri(site.checkpoints().resolve(site.jobs().learn()));
    try {
      KeptCheckpoints.choose(folder, damaged -> {}); // fails before the job is lost
      site.jobs().loseLearn();
      return KeptCheckpoints.choose(folder, damaged -> {});
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
