package dev.millrace.adapter.publish;

import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What releases came of.
 *
 * @param published where what the store holds is read
 */
public record Ancestry(ReleaseStore store, ReleaseFiles published) {

  /** The manifest of a release in the store. */
  public Manifest manifest(String release) throws IOException {
    return ReleaseReader.readManifest(published, store.uri(release), release);
  }

  /**
   * Releases after one up to another that came of it, the oldest first; empty if it did not, or
   * what lies between them is gone.
   *
   * @param ancestor null is the base alone
   */
  public List<String> after(@Nullable String ancestor, @Nullable String release)
      throws IOException {
    Deque<String> chain = new ArrayDeque<>();
    String id = release;
    try {
      while (id != null && !id.equals(ancestor)) {
        chain.addFirst(id);
        id = manifest(id).parent();
      }
    } catch (InvalidReleaseException | FileNotFoundException | NoSuchFileException e) {
      return List.of();
    }
    return Objects.equals(id, ancestor) ? List.copyOf(chain) : List.of();
  }

  /**
   * The number of the last batch that taught both of two releases; -1 where none did, or what lies
   * between them is gone. Numbers rise along a lineage, whichever run counted them; of one where
   * they do not, they say nothing.
   *
   * @param release null is the base alone
   */
  public long common(@Nullable String release, Manifest other) throws IOException {
    try {
      Manifest one = release == null ? null : manifest(release);
      Manifest two = other;
      while (one != null && two != null && !one.id().equals(two.id())) {
        if (one.batch() >= two.batch()) {
          one = before(one);
        } else {
          two = before(two);
        }
      }
      return one == null || two == null ? -1 : one.batch();
    } catch (InvalidReleaseException | FileNotFoundException | NoSuchFileException e) {
      return -1;
    }
  }

  /** Its parent; null if that is the base alone, or has no lower number. */
  private @Nullable Manifest before(Manifest release) throws IOException {
    String id = release.parent();
    Manifest parent = id == null ? null : manifest(id);
    return parent == null || parent.batch() >= release.batch() ? null : parent;
  }
}
