package dev.millrace.model.score;

import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Sample;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the stages of the cascade cost, in processor time of the calling thread. Each look at the
 * clock is in the figures: some hundred nanoseconds a stage.
 */
public final class StageTimes {

  private final Map<String, Cost> costs = new LinkedHashMap<>();
  private List<Stage> beforeModel = List.of();

  /**
   * What one stage cost.
   *
   * @param texts that reached it
   */
  public record Cost(long texts, long nanos) {

    Cost more(long nanoseconds) {
      return new Cost(texts + 1, nanos + nanoseconds);
    }

    public double nanosPerText() {
      return nanos / (double) texts;
    }
  }

  /** A scorer of texts as {@link Scorer#of} makes it, whose stages are timed from now on. */
  public Scorer timing(
      BaseModel base, Tokenizer tokenizer, KnownTexts known, HeldOut heldOut, ScorerConfig config) {
    Guard guard = new Guard(config.guard());
    List<Stage> stages = CascadeScorer.stages(base, tokenizer, known, config, guard);
    List<Stage> timed = stages.stream().map(this::timed).toList();
    beforeModel = timed.subList(0, timed.size() - CascadeScorer.OF_MODEL);
    return new CascadeScorer(base, heldOut, guard, timed, config);
  }

  /**
   * The stages before the model alone, on a memory of their own, so that the JVM compiles them;
   * gives the number of samples.
   */
  public int warmUp(List<Sample> samples, ScorerConfig config) {
    DomainMemory memory = DomainMemory.empty(config.memory(), Readers.NONE);
    for (Sample sample : samples) {
      Candidate candidate = new Candidate(sample, false);
      if (beforeModel.stream().allMatch(stage -> stage.check(candidate, memory) == null)) {
        memory.near.add(candidate.signature);
        memory.reference.learn(candidate.words);
      }
    }
    return samples.size();
  }

  /** Looks for copies alone, exact and near ones; gives the number of samples. */
  public static int duplicates(List<Sample> samples, ScorerConfig config) {
    DomainMemory memory = DomainMemory.empty(config.memory(), Readers.NONE);
    Stage exact = new ExactDuplicate();
    Stage near = new NearDuplicate(config.nearSimilarity());
    for (Sample sample : samples) {
      Candidate candidate = new Candidate(sample, false);
      if (exact.check(candidate, memory) == null && near.check(candidate, memory) == null) {
        memory.near.add(candidate.signature);
      }
    }
    return samples.size();
  }

  private Stage timed(Stage stage) {
    String name = stage.getClass().getSimpleName();
    costs.put(name, new Cost(0, 0));
    return (candidate, memory) -> timed(name, stage, candidate, memory);
  }

  private Stage.@Nullable Refusal timed(
      String name, Stage stage, Candidate candidate, DomainMemory memory) {
    long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    Stage.Refusal refusal = stage.check(candidate, memory);
    long took = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
    costs.computeIfPresent(name, (stageName, cost) -> cost.more(took));
    return refusal;
  }

  /** By stage, in their order, since the last call. */
  public Map<String, Cost> take() {
    Map<String, Cost> taken = new LinkedHashMap<>(costs);
    costs.replaceAll((name, cost) -> new Cost(0, 0));
    return taken;
  }
}
