package dev.millrace.job.operator.learn;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.align.AlignmentLearner;
import dev.millrace.adapter.exchange.Processes;
import dev.millrace.adapter.exchange.Trainee;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
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

  /** Opens what learns where pictures and sounds meet their captions. */
  default Opener<AlignmentLearner> alignments() {
    return subtask ->
        new Opened<>(AlignmentLearner.none("these learners know of no encoders"), () -> {});
  }

  /** The same learners, with trainers elsewhere. */
  default LearnerOpener with(Opener<Trainee.Means> trainers) {
    return new WithTrainers(this, trainers);
  }

  /** The same learners, with one of pictures and sounds beside them. */
  default LearnerOpener aligning(Opener<AlignmentLearner> alignments) {
    return new WithAlignments(this, alignments);
  }

  /** Learners and their trainers. */
  record WithTrainers(LearnerOpener learners, Opener<Trainee.Means> trainers)
      implements LearnerOpener {
    @Override
    public Opened<Learner> open(int subtask, Processes processes) throws Exception {
      return learners.open(subtask, processes);
    }

    @Override
    public Opener<AlignmentLearner> alignments() {
      return learners.alignments();
    }
  }

  /** Learners, and who learns of pictures and sounds. */
  record WithAlignments(LearnerOpener learners, Opener<AlignmentLearner> alignments)
      implements LearnerOpener {
    @Override
    public Opened<Learner> open(int subtask, Processes processes) throws Exception {
      return learners.open(subtask, processes);
    }

    @Override
    public Opener<Trainee.Means> trainers() {
      return learners.trainers();
    }
  }
}
