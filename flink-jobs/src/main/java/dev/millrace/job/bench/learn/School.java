package dev.millrace.job.bench.learn;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerConfig;
import dev.millrace.adapter.PastSamples;
import dev.millrace.adapter.SharedReleases;
import dev.millrace.adapter.Surroundings;
import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.job.BaseTexts;
import dev.millrace.job.Openers;
import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.ScoredSample;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Admits pupils to a base model. */
public record School(BaseModel base, Surroundings surroundings, long seed) {

  /** Share of all that is taught which the one with replay may keep. */
  private static final double REMEMBERED = 0.01;

  private static final TrainConfig TRAIN = TrainConfig.defaults();

  /**
   * Of every remembered text in nearly every step, lightly: few texts hold firmly by their number.
   */
  private static final double HELD_SHARE = 2;

  private static final double HELD_WEIGHT = 3;

  public School(BaseModel base, Tokenizer tokenizer, Path nano, Path store, long seed)
      throws IOException {
    this(
        base,
        new Surroundings(
            base,
            tokenizer,
            BaseTexts.anchors(nano, tokenizer),
            BaseTexts.protection(nano, tokenizer),
            ReleaseStore.of(StoreFiles.in(store)),
            new FlinkReleaseFiles(),
            PastSamples.none(),
            SharedReleases.none(),
            Openers.machine(),
            InstantSource.system(),
            Map.of()),
        seed);
  }

  ShippedPupil shipped() {
    return new ShippedPupil(base, Learner.of(surroundings, LearnerConfig.defaults()));
  }

  public SharedPupil sequential() {
    return shared("one adapter, in sequence", 0, TRAIN);
  }

  SharedPupil replaying(List<Subject> subjects) {
    return shared("one adapter, replay", remembered(subjects), TRAIN);
  }

  SharedPupil holding(List<Subject> subjects) {
    return shared(
        "one adapter, replay held", remembered(subjects), TRAIN.holding(HELD_SHARE, HELD_WEIGHT));
  }

  /** Samples that may be kept of all that is taught. */
  int remembered(List<Subject> subjects) {
    return (int) (REMEMBERED * taught(subjects).stream().mapToInt(List::size).sum());
  }

  SharedPupil joint() {
    return shared("one adapter, all at once", 0, TRAIN);
  }

  private SharedPupil shared(String name, int remembered, TrainConfig train) {
    LearnerConfig config = LearnerConfig.defaults();
    return new SharedPupil(
        name,
        base,
        Trainer.of(base, train, config.plan()),
        surroundings.anchors(),
        Learner.of(surroundings, config).initial(null, "all").adapter(),
        Memories.empty(remembered),
        train.replayShare(),
        train.replayWeight() > 0,
        seed);
  }

  /** Teaches all lessons of all subjects, shuffled; gives the number of batches. */
  int teachAtOnce(SharedPupil pupil, List<Subject> subjects) {
    List<List<ScoredSample>> batches = taught(subjects);
    List<ScoredSample> all = batches.stream().flatMap(List::stream).toList();
    int size = batches.get(0).size();
    List<ScoredSample> batch = new ArrayList<>();
    for (int i : Draws.permutation(all.size(), seed)) {
      batch.add(all.get(i));
      if (batch.size() == size) {
        pupil.learn(batch);
        batch.clear();
      }
    }
    return batches.size();
  }

  private static List<List<ScoredSample>> taught(List<Subject> subjects) {
    return subjects.stream()
        .flatMap(subject -> subject.lessons().stream())
        .flatMap(List::stream)
        .toList();
  }

  /** (subjects), bits per byte of the base alone. */
  public double[] base(List<Subject> subjects) {
    return subjects.stream()
        .mapToDouble(
            subject -> subject.bitsPerByte(Exams.logProb(base, base.noAdapter(), subject.exam())))
        .toArray();
  }

  /** (subjects), bits per byte of a pupil now. */
  static double[] exam(Pupil pupil, List<Subject> subjects) {
    return subjects.stream()
        .mapToDouble(subject -> subject.bitsPerByte(pupil.logProb(subject)))
        .toArray();
  }
}
