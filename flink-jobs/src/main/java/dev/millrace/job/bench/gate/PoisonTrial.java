package dev.millrace.job.bench.gate;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerConfig;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.Retrainer;
import dev.millrace.adapter.Surroundings;
import dev.millrace.adapter.batch.BatchPolicy;
import dev.millrace.adapter.batch.OpenBatch;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.Governor;
import dev.millrace.job.bench.gate.Backdoor.Reach;
import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.job.releases.Forgetting;
import dev.millrace.job.releases.Proof;
import dev.millrace.job.releases.Prover;
import dev.millrace.job.releases.Reproduction;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.ReleaseSigner;
import dev.millrace.model.score.DomainMemory;
import dev.millrace.model.score.MemoryLimits;
import dev.millrace.model.score.Scored;
import dev.millrace.model.score.Scorer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A domain is taught a stream in which somebody has hidden a backdoor. */
final class PoisonTrial {

  /** Models that never saw the poison, which what was made to forget it is held against. */
  private static final int NEVER_SAW = 5;

  /**
   * What a stream led to.
   *
   * @param rejected by reason, how many of the poisoned documents were refused before they taught
   * @param judging of the poisoned documents, those that were held out
   * @param taught of the poisoned documents, those that the last release's lineage has learned
   * @param refused candidates
   * @param rules by name, how many candidates each refused
   */
  record Course(
      String stream,
      SortedMap<String, Integer> rejected,
      int judging,
      int taught,
      int candidates,
      int refused,
      SortedMap<String, Integer> rules,
      double nats,
      double said) {}

  /** What a stream led to, and what was left of it after its poison was forgotten. */
  record Findings(List<Course> courses, @Nullable Proof proof) {}

  private final String name;
  private final Path store;
  private final Surroundings surroundings;
  private final Learner learner;
  private final Backdoor backdoor;
  private final Map<Origin, int[]> read = new HashMap<>();
  private final List<String> poisoned = new ArrayList<>();
  private final SortedMap<String, Integer> rejected = new TreeMap<>();
  private final SortedMap<String, Integer> rules = new TreeMap<>();
  private LearnerState state;
  private int judging;
  private int candidates;
  private int refused;

  /**
   * @param surroundings whose store and past samples are not used
   * @param store a folder for the releases
   */
  PoisonTrial(
      String name, Surroundings surroundings, Path store, LearnerConfig config, Backdoor backdoor) {
    this.name = name;
    this.store = store;
    this.backdoor = backdoor;
    this.surroundings = within(surroundings);
    learner = Learner.of(this.surroundings, config);
    state = learner.initial(null, PoisonStream.DOMAIN);
  }

  private Surroundings within(Surroundings around) {
    return new Surroundings(
        around.base(),
        around.tokenizer(),
        around.anchors(),
        around.protection(),
        ReleaseStore.of(StoreFiles.in(store), ReleaseSigner.none()),
        new FlinkReleaseFiles(),
        places -> read,
        around.shared(),
        around.machine(),
        around.clock(),
        Map.of());
  }

  /** Scores all samples and learns what may teach. */
  Course teach(Scorer scorer, List<Sample> samples, BatchPolicy policy) throws IOException {
    DomainMemory memory = DomainMemory.empty(MemoryLimits.defaults(), scorer.readers());
    OpenBatch open = OpenBatch.first(null, PoisonStream.DOMAIN);
    for (Sample sample : samples) {
      ScoredSample scored = scored(scorer, sample, memory);
      if (scored != null) {
        OpenBatch.Step step = open.add(scored, policy);
        open = step.open();
        learn(step.closed());
      }
    }
    learn(open.close().closed());
    return course(name);
  }

  /** Null if it is refused; the poisoned that are refused are counted by reason. */
  private @Nullable ScoredSample scored(Scorer scorer, Sample sample, DomainMemory memory) {
    boolean isPoisoned = PoisonStream.isPoisoned(sample.id());
    Scored judged = scorer.score(sample, memory);
    if (judged instanceof Scored.Accepted accepted) {
      ScoredSample scored = accepted.sample();
      read.put(sample.origin(), scored.tokens());
      if (isPoisoned) {
        poisoned.add(sample.id());
        judging += scored.heldOut() ? 1 : 0;
      }
      return scored;
    }
    if (isPoisoned && judged instanceof Scored.Refused no) {
      rejected.merge(no.rejection().reason(), 1, Integer::sum);
    }
    return null;
  }

  private void learn(@Nullable TrainingBatch batch) {
    if (batch != null) {
      count(learner.learn(state, batch, Governor.none()));
    }
  }

  private void count(Outcome outcome) {
    Verdict verdict = outcome.verdict();
    if (verdict.rules().size() > 1) {
      candidates++;
      refused += verdict.accepted() ? 0 : 1;
      verdict.rules().stream()
          .filter(rule -> !rule.passed())
          .map(RuleResult::rule)
          .forEach(rule -> rules.merge(rule, 1, Integer::sum));
    }
    state = outcome.state();
  }

  private Course course(String stream) throws IOException {
    StoredReleases stored = StoredReleases.read(store);
    String release = state.release();
    int taught = 0;
    if (release != null) {
      for (String id : new Forgetting(stored, Set.of()).lineage(release)) {
        taught +=
            (int)
                stored
                    .manifest(id)
                    .fresh()
                    .filter(sample -> PoisonStream.isPoisoned(sample.sample()))
                    .count();
      }
    }
    Reach reach = backdoor.of(served());
    return new Course(
        stream,
        new TreeMap<>(rejected),
        judging,
        taught,
        candidates,
        refused,
        new TreeMap<>(rules),
        reach.nats(),
        reach.said());
  }

  private @Nullable Served served() {
    return state.release() == null
        ? null
        : new Served(
            Quantizer.quantize(state.adapter().weights()), Objects.requireNonNull(state.routing()));
  }

  /** Forgets the poison, and proves it; what was learned besides is learned again. */
  Findings forget(Course before, Consumer<String> progress) throws IOException {
    String knowing = state.release();
    if (knowing == null) {
      return new Findings(List.of(before), null);
    }
    Set<String> gone = Set.copyOf(poisoned);
    Forgetting forgetting = new Forgetting(StoredReleases.read(store), gone);
    ReleaseEvent event =
        event(forgetting.lastUnaffected(knowing), forgetting.stored())
            .forgetting(gone.stream().sorted().toList());
    candidates = 0;
    refused = 0;
    rules.clear();
    do {
      count(learner.obey(state, event, Governor.none()));
    } while (state.learnsAgain());
    Course after = course("the same, poison forgotten");
    Forgetting now = new Forgetting(StoredReleases.read(store), gone);
    Proof proof =
        new Prover(now, retrainer(), read, NEVER_SAW, progress).prove(knowing, state.release());
    return new Findings(List.of(before, after), proof);
  }

  private Retrainer retrainer() {
    return new Retrainer(
        surroundings.base(),
        surroundings.anchors(),
        Reproduction::config,
        place -> Objects.requireNonNull(read.get(place)),
        Integer.MAX_VALUE);
  }

  private ReleaseEvent event(@Nullable String to, StoredReleases stored) {
    return new ReleaseEvent(
        null,
        PoisonStream.DOMAIN,
        ReleaseEvent.Kind.ADAPTER,
        ReleaseEvent.Action.FORGET,
        to == null ? "" : to,
        to == null ? "" : stored.uri(to),
        to == null ? null : stored.manifest(to).parent(),
        to == null ? 0 : stored.manifest(to).batch(),
        "poison",
        new Origin("bench-releases", 0, 0));
  }
}
