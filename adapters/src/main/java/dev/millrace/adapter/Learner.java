package dev.millrace.adapter;

import dev.millrace.adapter.exchange.DataParallelTrainers;
import dev.millrace.adapter.exchange.LocalProcesses;
import dev.millrace.adapter.exchange.Processes;
import dev.millrace.adapter.exchange.Trainee;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.adapter.train.Trainers;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.TrainingBatch;
import org.jspecify.annotations.Nullable;

/** Learns the batches of domains, one after the other: train, quantize, gate, publish. */
public interface Learner {

  /**
   * The same with a plan that leaves nothing open, to be asked for before it learns. Where adaptive
   * precision is configured, it is timed whether bf16 pays here.
   *
   * @param found what was found when it was asked for the first time, after a restart; else null
   */
  Learner settled(@Nullable TrainPrecision found);

  /** In which type its plan has the products computed. */
  TrainPrecision precision();

  /** The state before a domain's first batch. */
  LearnerState initial(@Nullable String tenant, String domain);

  /**
   * Learns one batch; the same state and batch lead to the same bytes. A refused candidate leaves
   * the adapter as it was; so does everything that is thrown.
   *
   * @throws java.util.concurrent.CancellationException if the governor gives up
   * @throws UnpublishedException if the release cannot be published now
   * @throws java.io.UncheckedIOException if a release that it needs cannot be read now
   */
  Outcome learn(LearnerState state, TrainingBatch batch, Governor governor);

  /**
   * Takes a domain back to the release that an event names: adapter, optimizer and replay. An event
   * that names what is no release of this domain and base is refused and changes nothing. What an
   * event leaves to be learned again is learned in further calls with the same event, a release
   * each, until the state {@linkplain LearnerState#learnsAgain has} no more of it.
   *
   * @throws java.util.concurrent.CancellationException if the governor gives up
   * @throws UnpublishedException if what is learned again cannot be published now
   * @throws java.io.UncheckedIOException if the release cannot be read now
   */
  Outcome obey(LearnerState state, ReleaseEvent event, Governor governor);

  /** The learner of all domains of a base; who trains is here, however many they are. */
  static Learner of(Surroundings surroundings, LearnerConfig config) {
    Trainee.Means means = surroundings.means(config);
    return of(surroundings, config, new LocalProcesses(means, config.exchange()));
  }

  /**
   * The same, with trainers in other processes.
   *
   * @param processes are asked for nothing if the configuration has one trainer
   */
  static Learner of(Surroundings surroundings, LearnerConfig config, Processes processes) {
    Trainers trainers =
        DataParallelTrainers.of(config.exchange(), surroundings.means(config), processes);
    return new ModelLearner(surroundings, config, trainers);
  }
}
