package dev.millrace.adapter.align;

import dev.millrace.adapter.train.TrainedBeside;
import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.KnownPairs;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.schema.Origin;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Trains alignments again from what their manifests name: the same files, byte for byte, where the
 * encoders find the same places.
 *
 * @param configs the learner's configuration as a manifest's hyperparameters have it
 * @param pairs of the sample that was read there
 */
public record PairRetrainer(
    KnownPairs known,
    Function<SortedMap<String, String>, AlignmentConfig> configs,
    Function<Origin, PairPlaces> pairs) {

  /** Why what a manifest names cannot lead to its files here; empty if it may. */
  public Optional<String> hindrance(Manifest manifest) {
    return TrainedBeside.KNOWN_PAIRS.hindrance(manifest, known.digest());
  }

  /** What a manifest of earlier code does not name; what there is here is taken in its place. */
  public List<String> unnamed(Manifest manifest) {
    return TrainedBeside.KNOWN_PAIRS.isNamedIn(manifest)
        ? List.of()
        : List.of("the pairs that the encoders know");
  }

  /**
   * Trains what a manifest names.
   *
   * @param parent the alignment that it began with
   */
  public AlignAdapter train(Manifest manifest, AlignAdapter parent) {
    SortedMap<String, String> hyperparameters = new TreeMap<>(manifest.plan().hyperparameters());
    TrainedBeside.KNOWN_PAIRS.remove(hyperparameters);
    AlignmentConfig config = configs.apply(hyperparameters);
    return new PairTrainer(config, KnownHalves.of(known).anchors())
        .train(parent, pairs(manifest, false), pairs(manifest, true), manifest.plan().seed());
  }

  /** Whether an alignment has the files that a manifest promises. */
  public boolean equalTo(Manifest manifest, AlignAdapter alignment) {
    ReleaseFile file = ReleaseFile.of(alignment.toBytes(known.encoders()));
    return manifest.files().equals(Map.of(AlignAdapter.FILE, file));
  }

  private List<PairPlaces> pairs(Manifest manifest, boolean replay) {
    return manifest.learned().stream()
        .filter(sample -> sample.replay() == replay)
        .map(LearnedSample::origin)
        .map(pairs)
        .toList();
  }
}
