package dev.millrace.adapter.exchange;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Parameters;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.adapter.AdapterWeights;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Trains one adapter by several trainers (local steps between exchanges: McMahan et al., arXiv
 * 1602.05629; Douillard et al., arXiv 2311.08105). In a round each learns a lesson of its own from
 * the weights that all share, then all take the mean of what they learned. A pure function of
 * state, lessons and plan, wherever the trainers run.
 *
 * @param trainer of every lesson
 * @param processes that messages cross between
 * @param trainersEach trainers of a process, whose updates are combined in memory
 */
public record DataParallel(Trainer trainer, Exchange exchange, int processes, int trainersEach) {

  public DataParallel {
    if (processes < 1 || trainersEach < 1) {
      throw new IllegalArgumentException(
          "%d processes of %d trainers, expected 1 or more".formatted(processes, trainersEach));
    }
  }

  /**
   * Where the trainers stand between rounds.
   *
   * @param trainers process by process: the same weights, and each one's own moments
   * @param memories (parameters) of each process: what its messages left out so far
   */
  public record State(List<AdapterState> trainers, List<float[]> memories) {}

  /**
   * What a round did.
   *
   * @param bytes of each process's message; 0 where none of its trainers came through
   * @param trainings in the order of the trainers
   */
  public record Round(State state, List<Integer> bytes, List<Training> trainings) {}

  /** All trainers at the same adapter. */
  public State begin(AdapterState state) {
    return new State(
        Collections.nCopies(processes * trainersEach, state),
        Collections.nCopies(processes, exchange.noMemory()));
  }

  /**
   * One round. A trainer that breaks off takes no part in it, and goes on from what the others
   * learned.
   *
   * @param lessons in the order of the trainers
   */
  public Round round(State state, List<Lesson> lessons, Governor governor) {
    List<Training> trainings = new ArrayList<>();
    for (int i = 0; i < processes * trainersEach; i++) {
      trainings.add(trainer.train(state.trainers.get(i), lessons.get(i), governor));
    }
    float[] shared = Parameters.flatten(state.trainers.get(0).weights());
    List<byte[]> messages = new ArrayList<>();
    List<Integer> bytes = new ArrayList<>();
    List<float[]> memories = new ArrayList<>();
    for (int p = 0; p < processes; p++) {
      List<float[]> updates =
          trainings.subList(p * trainersEach, (p + 1) * trainersEach).stream()
              .filter(training -> training.trouble().isEmpty())
              .map(training -> update(shared, training.state()))
              .toList();
      if (updates.isEmpty()) {
        bytes.add(0);
        memories.add(state.memories.get(p));
      } else {
        Exchange.Sent sent = exchange.send(updates, state.memories.get(p));
        messages.add(sent.message());
        bytes.add(sent.message().length);
        memories.add(sent.memory());
      }
    }
    AdapterWeights stood = state.trainers.get(0).weights();
    AdapterWeights weights = messages.isEmpty() ? stood : exchange.follow(stood, messages);
    return new Round(
        new State(
            trainings.stream().map(training -> at(weights, training.state())).toList(), memories),
        bytes,
        trainings);
  }

  /** What a trainer learned: (parameters). */
  public static float[] update(float[] shared, AdapterState trained) {
    float[] update = Parameters.flatten(trained.weights());
    for (int i = 0; i < update.length; i++) {
      update[i] -= shared[i];
    }
    return update;
  }

  private static AdapterState at(AdapterWeights weights, AdapterState trained) {
    return new AdapterState(weights, trained.first(), trained.second(), trained.step());
  }
}
