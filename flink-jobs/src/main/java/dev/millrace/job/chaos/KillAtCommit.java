package dev.millrace.job.chaos;

import dev.millrace.job.io.CommitRequest;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * {@code kill -9} of all task managers after a checkpoint is complete and before the broker hears
 * that its transactions are committed: what they hold must be committed by those that come after.
 *
 * @param processes the task managers
 */
record KillAtCommit(List<String> processes) implements Fault {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final List<String> TOPICS = List.of("answers", "releases", "verdicts");

  @Override
  public boolean waits() {
    return true;
  }

  @Override
  public Struck strike(Site site, RandomGenerator random) throws InterruptedException {
    String topic = TOPICS.get(random.nextInt(TOPICS.size()));
    try (Trap trap = site.kafka().hold(request -> commits(request, topic))) {
      if (!trap.await(PATIENCE)) {
        throw new IllegalStateException("no commit of " + topic + " came");
      }
      processes.forEach(site.keeper()::kill);
    }
    return new Struck(
        "before a commit of " + topic, () -> processes.forEach(site.keeper()::bringUp));
  }

  private static boolean commits(byte[] request, String topic) {
    return CommitRequest.read(request)
        .filter(commit -> commit.transactionalId().contains("." + topic))
        .isPresent();
  }
}
