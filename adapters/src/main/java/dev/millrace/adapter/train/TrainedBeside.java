package dev.millrace.adapter.train;

import dev.millrace.model.release.Manifest;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Data of a base that stand beside what is trained. A manifest names them by their digest among the
 * hyperparameters, of which that belongs to one release and to no configuration.
 */
public enum TrainedBeside {
  ANCHORS("anchors.sha256", "anchors of the base", "its anchors.jsonl or tokenizer.json"),
  KNOWN_PAIRS("known.sha256", "pairs that the encoders know", "their known.safetensors");

  private final String key;
  private final String what;
  private final String files;

  TrainedBeside(String key, String what, String files) {
    this.key = key;
    this.what = what;
    this.files = files;
  }

  public void write(String digest, SortedMap<String, String> hyperparameters) {
    hyperparameters.put(key, digest);
  }

  /** Takes what {@link #write} has written out again. */
  public void remove(SortedMap<String, String> hyperparameters) {
    hyperparameters.remove(key);
  }

  /** Whether a manifest names them; those of earlier code do not. */
  public boolean isNamedIn(Manifest manifest) {
    return manifest.plan().hyperparameters().containsKey(key);
  }

  /**
   * Why what a manifest names cannot lead to its files here; empty if it may.
   *
   * @param here their digest
   */
  public Optional<String> hindrance(Manifest manifest, String here) {
    String there = manifest.plan().hyperparameters().getOrDefault(key, here);
    return there.equals(here)
        ? Optional.empty()
        : Optional.of(
            "%s are %s, expected %s, beside which release %s was trained: %s was replaced"
                .formatted(what, here, there, manifest.id(), files));
  }
}
