package dev.millrace.job.bench.learn;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Sequence;
import dev.millrace.schema.ScoredSample;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One adapter for everything, trained on whatever comes. */
public final class SharedPupil implements Pupil {

  /** Tokens that are kept of what was said at each place. */
  private static final int LIKELIEST = 16;

  private final String name;
  private final BaseModel base;
  private final Trainer trainer;
  private final List<int[]> anchors;
  private final long seed;
  private final double replayed;
  private final boolean apart;
  private AdapterState state;
  private DecayingMean mean;
  private Memories past;
  private final Map<Remembered, Likeliest> said = new HashMap<>();
  private int batches;

  /**
   * @param past what is remembered; an empty one of capacity 0 remembers nothing
   * @param replayed sequences from it per fresh one
   * @param apart whether each domain has a memory of its own, which rests while it is taught and is
   *     held to what was said of it right after that
   */
  SharedPupil(
      String name,
      BaseModel base,
      Trainer trainer,
      List<int[]> anchors,
      AdapterState state,
      Memories past,
      double replayed,
      boolean apart,
      long seed) {
    this.name = name;
    this.base = base;
    this.trainer = trainer;
    this.anchors = anchors;
    this.state = state;
    this.mean = DecayingMean.begin(state);
    this.past = past;
    this.replayed = replayed;
    this.apart = apart;
    this.seed = seed;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void learn(Subject subject, int visit) {
    subject.lessons().get(visit).forEach(batch -> learn(subject.domain(), batch));
    if (apart) {
      keepWhatIsSaid(past.of(subject.domain()));
    }
  }

  private void keepWhatIsSaid(List<Remembered> texts) {
    try (LoadedAdapter now = base.load(Quantizer.quantize(state.weights()))) {
      List<Sequence> read = texts.stream().map(text -> new Sequence(text.tokens(), now)).toList();
      List<Likeliest> likeliest = base.likeliest(read, LIKELIEST, 1);
      for (int i = 0; i < texts.size(); i++) {
        said.put(texts.get(i), likeliest.get(i));
      }
    }
  }

  public void learn(List<ScoredSample> batch) {
    learn("all", batch);
  }

  private void learn(String domain, List<ScoredSample> batch) {
    long drawn = Draws.mix(seed, batches++);
    List<Remembered> fresh = batch.stream().map(Remembered::of).toList();
    int n = (int) Math.ceil(replayed * fresh.size());
    List<Remembered> again = (apart ? past.without(domain) : past).draw(n, drawn);
    List<Likeliest> held = apart ? again.stream().map(said::get).toList() : List.of();
    Lesson lesson = new Lesson(fresh, List.of(), again, held, anchors, drawn);
    state = trainer.train(state, lesson, Governor.none()).state();
    mean = mean.after(state);
    past = past.remember(apart ? domain : "all", fresh, drawn);
  }

  @Override
  public double logProb(Subject subject) {
    return logProb(state, subject);
  }

  private double logProb(AdapterState now, Subject subject) {
    try (LoadedAdapter served = base.load(Quantizer.quantize(now.weights()))) {
      return Exams.logProb(base, served, subject.exam());
    }
  }

  /** The same lessons, when their mean is served; none goes on from it. */
  Pupil averaging() {
    return Pupil.beside(
        "the same, the mean of its lessons served", subject -> logProb(mean.mean(), subject));
  }
}
