package dev.millrace.job.releases;

import dev.millrace.adapter.LearnerConfig;
import dev.millrace.adapter.Retrainer;
import dev.millrace.adapter.Retrainer.Again;
import dev.millrace.adapter.align.AlignmentConfig;
import dev.millrace.adapter.align.PairRetrainer;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.AlignRelease;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.schema.Origin;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A stored release, to be trained again. A release holds no optimizer, so this begins with the
 * lineage's first release, or with the last that a release event took the domain back to.
 */
public record Reproduction(StoredReleases stored, String release) {

  /** The learner's configuration, as a manifest's hyperparameters have it. */
  public static LearnerConfig config(SortedMap<String, String> values) {
    Map<String, String> keys = new HashMap<>();
    values.forEach((name, value) -> keys.put("learn." + name, value));
    return MillraceConfig.defaults().with(keys).learn();
  }

  /** The same of an alignment's. */
  public static AlignmentConfig alignment(SortedMap<String, String> values) {
    Map<String, String> keys = new HashMap<>();
    values.forEach((name, value) -> keys.put("align." + name, value));
    return MillraceConfig.defaults().with(keys).align();
  }

  /** What must be trained, in this order; the release itself comes last. */
  public List<String> lineage() {
    Deque<String> lineage = new ArrayDeque<>();
    String id = release;
    while (id != null) {
      Manifest manifest = stored.byId().get(id);
      if (manifest == null) {
        throw new IllegalArgumentException(
            "release " + id + ", an ancestor, is not in " + stored.store() + ", expected all");
      }
      lineage.addFirst(id);
      id = manifest.obeyed() == null ? manifest.parent() : null;
    }
    return List.copyOf(lineage);
  }

  /** The ids of all samples that must be learned, by where they were read. */
  public Map<Origin, String> samples() {
    return LearnedSample.ids(learned());
  }

  /** All samples that must be learned, as often as they were. */
  public List<LearnedSample> learned() {
    return lineage().stream().flatMap(id -> stored.manifest(id).learned().stream()).toList();
  }

  /**
   * Why training cannot lead to the same files here; empty if it may.
   *
   * @param each says so of a manifest
   */
  Optional<String> hindrance(Function<Manifest, Optional<String>> each) {
    return lineage().stream().flatMap(id -> each.apply(stored.manifest(id)).stream()).findFirst();
  }

  private void requireNoHindrance(Function<Manifest, Optional<String>> each) {
    Optional<String> hindrance = hindrance(each);
    if (hindrance.isPresent()) {
      throw new IllegalArgumentException(hindrance.get());
    }
  }

  /**
   * Trains; true if every release has the files that its manifest promises.
   *
   * @param found is told of each release whether it is the same
   * @throws IllegalArgumentException if one was trained beside other anchors
   */
  public boolean run(Retrainer retrainer, BiConsumer<String, Boolean> found) throws IOException {
    requireNoHindrance(retrainer::hindrance);
    boolean same = true;
    Again last = null;
    for (String id : lineage()) {
      Manifest manifest = stored.manifest(id);
      last = retrainer.train(manifest, last, taken(manifest, retrainer.base()));
      boolean equal = last.equalTo(manifest);
      found.accept(id, equal);
      same &= equal;
    }
    return same;
  }

  /**
   * The same of an alignment.
   *
   * @param base id of the base whose captions it was trained on
   * @throws IllegalArgumentException if one was trained beside other pairs that the encoders know
   */
  public boolean run(PairRetrainer retrainer, String base, BiConsumer<String, Boolean> found)
      throws IOException {
    requireNoHindrance(retrainer::hindrance);
    boolean same = true;
    AlignAdapter last = null;
    for (String id : lineage()) {
      Manifest manifest = stored.manifest(id);
      last = retrainer.train(manifest, last == null ? begun(manifest, retrainer, base) : last);
      boolean equal = retrainer.equalTo(manifest, last);
      found.accept(id, equal);
      same &= equal;
    }
    return same;
  }

  /**
   * What training a release again has shown, in words.
   *
   * @param unnamed what a manifest does not name
   */
  public String found(String id, boolean same, Function<Manifest, List<String>> unnamed) {
    List<String> taken = same ? List.of() : unnamed.apply(stored.manifest(id));
    String why = "; its manifest leaves out %s: what is here was taken";
    return id
        + (same ? " is the same" : " DIFFERS")
        + (taken.isEmpty() ? "" : why.formatted(String.join(" and ", taken)));
  }

  /** What the first of an alignment's lineage began with. */
  private AlignAdapter begun(Manifest manifest, PairRetrainer retrainer, String base)
      throws IOException {
    String parent = manifest.parent();
    return parent == null
        ? AlignAdapter.NONE
        : AlignRelease.read(
                new FlinkReleaseFiles(),
                stored.uri(parent),
                parent,
                base,
                retrainer.known().encoders())
            .adapter();
  }

  private @Nullable Release taken(Manifest manifest, BaseModel base) throws IOException {
    String parent = manifest.parent();
    return manifest.obeyed() == null || parent == null
        ? null
        : ReleaseReader.read(
            new FlinkReleaseFiles(), stored.uri(parent), parent, base.id(), base.sites());
  }
}
