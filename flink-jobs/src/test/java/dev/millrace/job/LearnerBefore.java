package dev.millrace.job;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.learn.LearnerOpener;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.TrainingBatch;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** Stands before a learner; what it does differently is up to the test. */
interface LearnerBefore extends Learner {

  /** The one that learns. */
  Learner learner();

  @Override
  default Learner settled(@Nullable TrainPrecision found) {
    return this;
  }

  @Override
  default TrainPrecision precision() {
    return learner().precision();
  }

  @Override
  default LearnerState initial(@Nullable String tenant, String domain) {
    return learner().initial(tenant, domain);
  }

  @Override
  default Outcome learn(LearnerState state, TrainingBatch batch, Governor governor) {
    return learner().learn(state, batch, governor);
  }

  @Override
  default Outcome obey(LearnerState state, ReleaseEvent event, Governor governor) {
    return learner().obey(state, event, governor);
  }

  /** Makes one; travels with the job. */
  interface Before extends Serializable {
    Learner of(Learner learner);
  }

  /** Puts one before each learner that is opened. */
  static LearnerOpener each(LearnerOpener learners, Before before) {
    LearnerOpener each =
        (subtask, processes) -> {
          Opened<Learner> opened = learners.open(subtask, processes);
          return new Opened<>(before.of(opened.value()), opened.resources());
        };
    return each.with(learners.trainers());
  }
}
