package dev.millrace.job.bench;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.batch.ReplayBuffer;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.schema.ScoredSample;
import java.util.List;

/** One adapter for everything, trained on whatever comes. */
final class SharedPupil implements Pupil {

  private final String name;
  private final BaseModel base;
  private final Trainer trainer;
  private final List<int[]> anchors;
  private final long seed;
  private final double replayed;
  private AdapterState state;
  private ReplayBuffer past;
  private int batches;

  /**
   * @param past what is remembered; an empty one of capacity 0 remembers nothing
   * @param replayed sequences from it per fresh one
   */
  SharedPupil(
      String name,
      BaseModel base,
      Trainer trainer,
      List<int[]> anchors,
      AdapterState state,
      ReplayBuffer past,
      double replayed,
      long seed) {
    this.name = name;
    this.base = base;
    this.trainer = trainer;
    this.anchors = anchors;
    this.state = state;
    this.past = past;
    this.replayed = replayed;
    this.seed = seed;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void learn(Subject subject, int visit) {
    subject.lessons().get(visit).forEach(this::learn);
  }

  void learn(List<ScoredSample> batch) {
    long drawn = Draws.mix(seed, batches++);
    List<Remembered> fresh = batch.stream().map(Remembered::of).toList();
    int n = (int) Math.ceil(replayed * fresh.size());
    Lesson lesson = new Lesson(fresh, past.draw(n, drawn), anchors, drawn);
    state = trainer.train(state, lesson, Governor.none()).state();
    past = past.remember(fresh, drawn);
  }

  @Override
  public double logProb(Subject subject) {
    try (LoadedAdapter served = base.load(Quantizer.quantize(state.weights()))) {
      return Exams.logProb(base, served, subject.exam());
    }
  }
}
