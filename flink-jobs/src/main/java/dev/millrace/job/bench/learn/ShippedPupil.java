package dev.millrace.job.bench.learn;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.Governor;
import dev.millrace.model.assign.Assignment;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** An adapter a domain, judged by the gate: Millrace as it ships. */
final class ShippedPupil implements Pupil {

  private final BaseModel base;
  private final Learner learner;
  private final SortedMap<String, LearnerState> states = new TreeMap<>();

  /** By release (null is the base) and subject: nats of each text. */
  private final Map<List<@Nullable String>, double[]> measured = new HashMap<>();

  private int published;
  private int refused;

  ShippedPupil(BaseModel base, Learner learner) {
    this.base = base;
    this.learner = learner;
  }

  @Override
  public String name() {
    return "as shipped: an adapter a domain, gate on";
  }

  @Override
  public void learn(Subject subject, int visit) {
    List<List<ScoredSample>> batches = subject.lessons().get(visit);
    for (int i = 0; i < batches.size(); i++) {
      List<ScoredSample> judging = visit == 0 && i == 0 ? subject.judging() : List.of();
      LearnerState state = state(subject.domain());
      TrainingBatch batch =
          new TrainingBatch(null, subject.domain(), state.batches(), batches.get(i), judging);
      Outcome outcome = learner.learn(state, batch, Governor.none());
      states.put(subject.domain(), outcome.state());
      published += outcome.release() == null ? 0 : 1;
      refused += outcome.release() == null ? 1 : 0;
    }
  }

  private LearnerState state(String domain) {
    LearnerState state = states.get(domain);
    return state == null ? learner.initial(null, domain) : state;
  }

  @Override
  public double logProb(Subject subject) {
    return logProb(subject.domain(), subject);
  }

  /** The same by the adapter of a domain. */
  double logProb(String domain, Subject subject) {
    return Arrays.stream(logProbs(domain, subject)).sum();
  }

  /** Nats of each of a subject's texts by the current release of a domain; null is the base. */
  private double[] logProbs(@Nullable String domain, Subject subject) {
    LearnerState state = domain == null ? null : states.get(domain);
    String release = state == null ? null : state.release();
    return measured.computeIfAbsent(
        Arrays.asList(release, subject.domain()), key -> measure(state, subject));
  }

  private double[] measure(@Nullable LearnerState state, Subject subject) {
    if (state == null || state.release() == null) {
      return Exams.logProbs(base, base.noAdapter(), subject.exam());
    }
    try (LoadedAdapter served = base.load(Quantizer.quantize(state.adapter().weights()))) {
      return Exams.logProbs(base, served, subject.exam());
    }
  }

  /** The domain that a text is assigned to now; null for the base. */
  @Nullable String assigned(int[] text) {
    SortedMap<String, Profile> profiles = new TreeMap<>();
    states.forEach(
        (domain, state) -> {
          if (state.release() != null) {
            profiles.put(domain, state.profile());
          }
        });
    Assignment<String> assignment = Assignment.of(text, profiles);
    return assignment == null ? null : assignment.domain();
  }

  /** The same adapters, when each text says by its beginning who answers. */
  Pupil assigning() {
    return Pupil.beside("the same, requests routed auto", this::assignedLogProb);
  }

  private double assignedLogProb(Subject subject) {
    double sum = 0;
    for (int i = 0; i < subject.exam().size(); i++) {
      sum += logProbs(assigned(subject.exam().get(i).start()), subject)[i];
    }
    return sum;
  }

  String verdicts() {
    return published + " releases published, " + refused + " batches refused or kept waiting";
  }
}
