package dev.millrace.job.operator;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.exchange.Processes;
import dev.millrace.adapter.exchange.Trainee;
import java.io.Serializable;

/** Opens the learner of a subtask, and what trainers work with that it leads from there. */
@FunctionalInterface
public interface LearnerOpener extends Serializable {

  /**
   * Opens one.
   *
   * @param processes train for it, if the configuration has more than one trainer
   */
  Opened<Learner> open(int subtask, Processes processes) throws Exception;

  /** Opens what a trainer works with. */
  default Opener<Trainee.Means> trainers() {
    throw new IllegalStateException(
        "learn.exchange has several trainers, expected one: these learners have none elsewhere");
  }

  /** The same learners, with trainers elsewhere. */
  default LearnerOpener with(Opener<Trainee.Means> trainers) {
    return new WithTrainers(this, trainers);
  }

  /** Learners and their trainers. */
  record WithTrainers(LearnerOpener learners, Opener<Trainee.Means> trainers)
      implements LearnerOpener {
    @Override
    public Opened<Learner> open(int subtask, Processes processes) throws Exception {
      return learners.open(subtask, processes);
    }
  }
}
