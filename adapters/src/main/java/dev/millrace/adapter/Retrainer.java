package dev.millrace.adapter;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.exchange.DataParallelTrainers;
import dev.millrace.adapter.exchange.LocalProcesses;
import dev.millrace.adapter.exchange.Trainee;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.AnchorDigest;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Terms;
import dev.millrace.adapter.train.TrainedBeside;
import dev.millrace.adapter.train.Trainers;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Trains releases again, one after the other up a lineage, from what their manifests name. On the
 * machine type that trained them the files are the same, byte for byte.
 *
 * @param anchors token sequences of what the base knows, as they were trained beside every batch
 * @param configs the learner's configuration as a manifest's hyperparameters have it
 * @param tokens of the sample that was read there, as many as taught or more
 * @param mostTokens of a sample that taught, where its manifest does not say how many
 */
public record Retrainer(
    BaseModel base,
    List<int[]> anchors,
    Function<SortedMap<String, String>, LearnerConfig> configs,
    Function<Origin, int[]> tokens,
    int mostTokens) {

  /** A release trained again: what to go on from, and its files' digests. */
  public record Again(AdapterState state, Profile profile, SortedMap<String, ReleaseFile> files) {

    /** Whether the files are those that a manifest promises. */
    public boolean equalTo(Manifest manifest) {
      return files.equals(manifest.files());
    }

    /** A release that was made elsewhere, as it is. */
    public static Again of(Release adopted) {
      return new Again(
          AdapterState.fresh(adopted.adapter()),
          adopted.profileOrEmpty(),
          adopted.manifest().files());
    }

    /** What is left once a domain was taken back to it: what serves, and no optimizer. */
    public Again takenBackTo() {
      AdapterState served = AdapterState.fresh(Quantizer.quantize(state.weights()));
      return new Again(served, profile, files);
    }
  }

  /** Why what a manifest names cannot lead to its files here; empty if it may. */
  public Optional<String> hindrance(Manifest manifest) {
    return Adopter.isAdopted(manifest)
        ? Optional.of(
            "release %s was adopted, expected one that learn trained".formatted(manifest.id()))
        : TrainedBeside.ANCHORS.hindrance(manifest, AnchorDigest.of(anchors));
  }

  /** What a manifest of earlier code does not name; what there is here is taken in its place. */
  public List<String> unnamed(Manifest manifest) {
    List<String> unnamed = new ArrayList<>();
    if (!TrainedBeside.ANCHORS.isNamedIn(manifest)) {
      unnamed.add("the anchors");
    }
    if (manifest.learned().stream().anyMatch(sample -> sample.tokens() == 0)) {
      unnamed.add("how many tokens of each sample taught");
    }
    return unnamed;
  }

  /**
   * Trains what a manifest names.
   *
   * @param parent what training its parent again led to; null if it has none
   * @param taken the parent, if a release event had taken the domain back to it
   */
  public Again train(Manifest manifest, @Nullable Again parent, @Nullable Release taken) {
    SortedMap<String, String> hyperparameters = new TreeMap<>(manifest.plan().hyperparameters());
    Mix mix = Mix.take(hyperparameters);
    TrainedBeside.ANCHORS.remove(hyperparameters);
    LearnerConfig config = configs.apply(hyperparameters);
    AdapterState before = before(manifest, config, parent, taken);
    Lesson lesson = lesson(manifest);
    Trainers trainers = trainers(config);
    Terms terms = terms(manifest, config, mix.anchors());
    AdapterState trained = train(trainers, terms, before, lesson);
    for (int pass = 1; pass <= mix.repairs(); pass++) {
      Terms alone = terms(manifest, config, Terms.ANCHORS_ALONE);
      trained = train(trainers, alone, trained, lesson.again(pass));
    }
    AdapterState plain =
        mix.blend() == 0 ? trained : train(trainers, terms(manifest, config, 1), before, lesson);
    AdapterState candidate = mix.of(before, trained, plain);
    AdapterWeights served = Quantizer.quantize(candidate.weights());
    Profile profile =
        profile(parent, taken)
            .with(lesson.freshTokens(), KnownTexts.of(anchors, base.config().vocabSize()));
    SortedMap<String, byte[]> contents = AdapterFolder.toFiles(served, Drafter.NO_BASE_NAME);
    if (manifest.files().containsKey(Profile.FILE)) { // releases from before there were any
      contents.put(Profile.FILE, profile.toBytes());
    }
    return new Again(candidate, profile, ReleaseFile.of(contents));
  }

  private static Terms terms(Manifest manifest, LearnerConfig config, double anchors) {
    String name = Beginnings.name(manifest.tenant(), manifest.domain());
    return new Terms(name, manifest.routing(), anchors, config.plan().precision());
  }

  private static AdapterState train(
      Trainers trainers, Terms terms, AdapterState before, Lesson lesson) {
    return trainers.train(before, lesson, terms, Governor.none()).state();
  }

  private Trainers trainers(LearnerConfig config) {
    Trainee.Means means = config.means(base, anchors);
    return DataParallelTrainers.of(
        config.exchange(), means, new LocalProcesses(means, config.exchange()));
  }

  private AdapterState before(
      Manifest manifest, LearnerConfig config, @Nullable Again parent, @Nullable Release taken) {
    if (manifest.obeyed() != null && taken != null) {
      return AdapterState.fresh(taken.adapter());
    }
    return parent != null
        ? parent.state()
        : Beginnings.adapter(config, base, manifest.tenant(), manifest.domain());
  }

  private static Profile profile(@Nullable Again parent, @Nullable Release taken) {
    if (taken != null) {
      return taken.profileOrEmpty();
    }
    return parent == null ? Profile.empty() : parent.profile();
  }

  private Lesson lesson(Manifest manifest) {
    return new Lesson(
        samples(manifest, false), samples(manifest, true), anchors, manifest.plan().seed());
  }

  private List<Remembered> samples(Manifest manifest, boolean replay) {
    return manifest.learned().stream()
        .filter(sample -> sample.replay() == replay)
        .map(this::remembered)
        .toList();
  }

  private Remembered remembered(LearnedSample sample) {
    int[] taught = sample.taught(tokens.apply(sample.origin()), mostTokens);
    return new Remembered(sample.sample(), sample.origin(), taught);
  }
}
