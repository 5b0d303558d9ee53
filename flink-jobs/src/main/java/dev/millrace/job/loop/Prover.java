package dev.millrace.job.loop;

import dev.millrace.adapter.Retrainer;
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
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Measures whether samples are forgotten: by the release that had learned them, by the one in its
 * place, and by one that is trained here without them.
 *
 * @param tokens of all samples behind the release that can still be read, by place
 * @param progress is told of each release that is trained
 */
public record Prover(
    Forgetting forgetting,
    Retrainer retrainer,
    Map<Origin, int[]> tokens,
    Consumer<String> progress) {

  /** Another lineage's draws. */
  private static final long OTHER_DRAWS = 0x5DEECE66DL;

  /** Where all samples behind a release were read. */
  public static Set<Origin> samples(Forgetting forgetting, String release) {
    Set<Origin> places = new HashSet<>();
    for (String id : forgetting.lineage(release)) {
      forgetting.stored().manifest(id).learned().forEach(sample -> places.add(sample.origin()));
    }
    return places;
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
    double neverSaw = nats(gone, neverSaw(before), routing);
    double base = nats(gone, null, routing);
    Release now = after == null ? null : read(after);
    return new Proof(
        gone.size(),
        nats(gone, old.adapter(), routing),
        now == null ? base : nats(gone, now.adapter(), now.manifest().routing()),
        neverSaw,
        base);
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
          gone.add(text);
        }
      }
    }
    return gone;
  }

  /** The lineage from its beginning, without the samples; no gate asks what becomes of it. */
  private AdapterWeights neverSaw(String release) {
    List<String> lineage = new ArrayList<>(forgetting.lineage(release));
    Collections.reverse(lineage);
    Retrainer.Again last = null;
    for (String id : lineage) {
      Manifest manifest = without(forgetting.stored().manifest(id));
      if (last == null || manifest.learned().stream().anyMatch(sample -> !sample.replay())) {
        last = retrainer.train(manifest, last, null);
      }
      progress.accept(id);
    }
    return Quantizer.quantize(
        Objects.requireNonNull(last, "a lineage has a first release").state().weights());
  }

  private Manifest without(Manifest manifest) {
    List<LearnedSample> kept =
        manifest.learned().stream()
            .filter(sample -> !forgetting.samples().contains(sample.sample()))
            .filter(sample -> tokens.containsKey(sample.origin()))
            .toList();
    TrainingPlan plan = manifest.plan();
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
            plan.seed() ^ OTHER_DRAWS,
            plan.hyperparameters(),
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
