package dev.millrace.model.align;

import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;
import java.util.Objects;

/** A release of a domain's alignment of which everything was verified. */
public record AlignRelease(Manifest manifest, AlignAdapter adapter) {

  /** No weight is farther from 0. */
  public static final float MAX_WEIGHT = 1024;

  /**
   * Reads the release that an event names, and verifies all of it.
   *
   * @param base id of the base whose captions it was trained on
   * @param encoders id of those whose places it moves
   * @throws InvalidReleaseException if it must not be used; trying again does not help
   * @throws IOException if a file is not there or cannot be read; trying again may help
   */
  public static AlignRelease read(
      ReleaseFiles files, ReleaseEvent event, String base, String encoders) throws IOException {
    AlignRelease release = read(files, event.uri(), event.release(), base, encoders);
    requireOf(event, release.manifest());
    return release;
  }

  /**
   * Whether the release that an event names was learned on another base or with other encoders.
   *
   * @throws InvalidReleaseException if it is no alignment of the event's domain
   */
  public static boolean isElsewhere(
      ReleaseFiles files, ReleaseEvent event, String base, String encoders) throws IOException {
    Manifest manifest = ReleaseReader.readManifest(files, event.uri(), event.release());
    InvalidReleaseException.requireEqual("kind", manifest.kind(), ReleaseEvent.Kind.ALIGNMENT);
    requireOf(event, manifest);
    try {
      return !manifest.base().equals(base)
          || !AlignAdapter.encoders(adapter(files, event.uri(), manifest)).equals(encoders);
    } catch (InvalidWeightsException e) {
      throw new InvalidReleaseException(e.getMessage(), e);
    }
  }

  private static void requireOf(ReleaseEvent event, Manifest manifest) {
    InvalidReleaseException.requireEqual("tenant", manifest.tenant(), event.tenant());
    InvalidReleaseException.requireEqual("domain", manifest.domain(), event.domain());
  }

  /** The same of a release by its id, whosever it is. */
  public static AlignRelease read(
      ReleaseFiles files, String uri, String id, String base, String encoders) throws IOException {
    Manifest manifest = ReleaseReader.readManifest(files, uri, id);
    InvalidReleaseException.requireEqual("kind", manifest.kind(), ReleaseEvent.Kind.ALIGNMENT);
    InvalidReleaseException.requireEqual("base", manifest.base(), base);
    byte[] bytes = adapter(files, uri, manifest);
    try {
      AlignAdapter adapter = AlignAdapter.parse(bytes, encoders);
      for (float value : adapter.values()) {
        if (!(Math.abs(value) <= MAX_WEIGHT)) {
          throw new InvalidReleaseException(
              "weight is " + value + ", expected at most ±" + MAX_WEIGHT);
        }
      }
      return new AlignRelease(manifest, adapter);
    } catch (InvalidWeightsException e) {
      throw new InvalidReleaseException(e.getMessage(), e);
    }
  }

  private static byte[] adapter(ReleaseFiles files, String uri, Manifest manifest)
      throws IOException {
    return Objects.requireNonNull(
        ReleaseReader.readFiles(files, uri, manifest).get(AlignAdapter.FILE));
  }
}
