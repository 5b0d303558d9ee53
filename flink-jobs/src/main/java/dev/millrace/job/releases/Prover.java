package dev.millrace.job.releases;

import dev.millrace.adapter.Adopter;
import dev.millrace.adapter.Retrainer;
import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.schema.Origin;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Measures whether samples are forgotten: by the release that had learned them, by the one in its
 * place, and by models that are trained here without them.
 *
 * @param tokens of all samples behind both releases that can still be read, by place
 * @param models that never saw the samples, to train
 * @param progress is told of each release that is trained
 */
public record Prover(
    Forgetting forgetting,
    Retrainer retrainer,
    Map<Origin, int[]> tokens,
    int models,
    Consumer<String> progress) {

  private static final String SEED = "seed";

  /**
   * All samples behind two releases.
   *
   * @param after null for the base alone
   */
  public static List<LearnedSample> learned(
      Forgetting forgetting, String before, @Nullable String after) {
    List<String> ids = new ArrayList<>(forgetting.lineage(before));
    if (after != null) {
      ids.addAll(forgetting.lineage(after));
    }
    return ids.stream().flatMap(id -> forgetting.stored().manifest(id).learned().stream()).toList();
  }

  /**
   * The proof; null if none of the samples can be read any more.
   *
   * @param before the release that had learned them
   * @param after the release in its place; null for the base alone
   */
  public @Nullable Proof prove(String before, @Nullable String after) throws IOException {
    List<int[]> gone = gone(before);
    if (gone.isEmpty()) {
      return null;
    }
    Release old = read(before);
    Routing routing = old.manifest().routing();
    String taught = after == null || isAdopted(after) ? before : after;
    List<Double> neverSaw = new ArrayList<>();
    for (int model = 1; model <= models; model++) {
      progress.accept("model " + model + " of " + models + " that never saw them");
      Routing as = forgetting.stored().manifest(taught).routing();
      neverSaw.add(nats(gone, neverSaw(taught, model), as));
    }
    double base = nats(gone, null, routing);
    Release now = after == null ? null : read(after);
    return new Proof(
        gone.size(),
        nats(gone, old.adapter(), routing),
        now == null ? base : nats(gone, now.adapter(), now.manifest().routing()),
        Spread.of(neverSaw),
        base,
        after == null ? null : sameBytes(after));
  }

  private @Nullable Boolean sameBytes(String after) throws IOException {
    Reproduction reproduction = new Reproduction(forgetting.stored(), after);
    boolean mayBeSame =
        reproduction.hindrance(retrainer::hindrance).isEmpty()
            && tokens.keySet().containsAll(reproduction.samples().keySet());
    return mayBeSame
        ? reproduction.run(retrainer, (id, same) -> progress.accept(id + " again"))
        : null;
  }

  /** What a lineage had learned and was to forget. */
  private List<int[]> gone(String before) {
    Set<Origin> places = new HashSet<>();
    List<int[]> gone = new ArrayList<>();
    for (String id : forgetting.lineage(before)) {
      for (LearnedSample sample : forgetting.stored().manifest(id).learned()) {
        int[] text = tokens.get(sample.origin());
        if (forgetting.samples().contains(sample.sample())
            && places.add(sample.origin())
            && text != null
            && text.length >= 2) {
          gone.add(sample.taught(text, retrainer.mostTokens()));
        }
      }
    }
    return gone;
  }

  /**
   * A lineage from its beginning, without the samples; no gate asks what becomes of it. One that
   * was adopted learned none here, and begins every model of its lineage.
   */
  private AdapterWeights neverSaw(String release, long seed) throws IOException {
    List<String> lineage = new ArrayList<>(forgetting.lineage(release));
    Collections.reverse(lineage);
    Retrainer.Again last = null;
    for (String id : lineage) {
      Manifest own = forgetting.stored().manifest(id);
      Manifest manifest = without(own, seed);
      if (last != null && own.obeyed() != null) {
        last = last.takenBackTo();
      }
      if (isAdopted(id)) {
        last = Retrainer.Again.of(read(id));
      } else if (last == null || manifest.fresh().findAny().isPresent()) {
        last = retrainer.train(manifest, last, null);
      }
    }
    return Quantizer.quantize(
        Objects.requireNonNull(last, "a lineage has a first release").state().weights());
  }

  private boolean isAdopted(String release) {
    return Adopter.isAdopted(forgetting.stored().manifest(release));
  }

  /** What a release was taught, without the samples, from another beginning in another order. */
  private Manifest without(Manifest manifest, long seed) {
    List<LearnedSample> kept =
        manifest.learned().stream()
            .filter(sample -> !forgetting.samples().contains(sample.sample()))
            .filter(sample -> tokens.containsKey(sample.origin()))
            .toList();
    TrainingPlan plan = manifest.plan();
    SortedMap<String, String> hyperparameters = new TreeMap<>(plan.hyperparameters());
    hyperparameters.computeIfPresent(
        SEED, (name, own) -> String.valueOf(Long.parseLong(own) + seed));
    return new Manifest(
        manifest.tenant(),
        manifest.domain(),
        manifest.base(),
        manifest.files(),
        manifest.quantization(),
        manifest.routing(),
        manifest.parent(),
        manifest.batch(),
        kept,
        manifest.learnedTo(),
        new TrainingPlan(
            Draws.mix(plan.seed(), seed),
            hyperparameters,
            plan.microBatch(),
            plan.threads(),
            plan.engine(),
            plan.cpuFeatures()),
        manifest.verdict(),
        null);
  }

  private double nats(List<int[]> texts, @Nullable AdapterWeights adapter, Routing routing) {
    BaseModel base = retrainer.base().under(routing);
    if (adapter == null) {
      return nats(texts, base, base.noAdapter());
    }
    try (LoadedAdapter loaded = base.load(adapter)) {
      return nats(texts, base, loaded);
    }
  }

  private static double nats(List<int[]> texts, BaseModel base, LoadedAdapter adapter) {
    List<TokenScores> scores =
        base.score(texts.stream().map(text -> new Sequence(text, adapter)).toList());
    long predicted = texts.stream().mapToLong(text -> text.length - 1).sum();
    return -scores.stream().mapToDouble(TokenScores::logProb).sum() / predicted;
  }

  private Release read(String release) throws IOException {
    BaseModel base = retrainer.base();
    return ReleaseReader.read(
        new FlinkReleaseFiles(),
        forgetting.stored().uri(release),
        release,
        base.id(),
        base.sites());
  }
}
