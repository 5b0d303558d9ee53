package dev.millrace.adapter.publish;

import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseSigner;
import java.io.IOException;
import java.util.SortedMap;
import java.util.TreeMap;

/** The write side of a store: a folder a release, {@code STORE/<id>/}. */
public interface ReleaseStore {

  /**
   * Makes a release visible, the manifest last; a release that is there already stays as it is, but
   * is signed if nobody has signed it.
   *
   * @return the URI of its folder
   * @throws java.io.UncheckedIOException if the store fails; the release is then not visible
   */
  String publish(Draft draft);

  /** The files of a release that need not all be in memory at once. */
  @FunctionalInterface
  interface Contents {
    byte[] read(String name) throws IOException;
  }

  /** The same of a release whose files the manifest promises and somebody reads one by one. */
  default String publish(Manifest manifest, Contents contents) throws IOException {
    SortedMap<String, byte[]> files = new TreeMap<>();
    for (String name : manifest.files().keySet()) {
      files.put(name, contents.read(name));
    }
    return publish(new Draft(manifest, files));
  }

  /** The URI that the folder of a release has here. */
  String uri(String release);

  /** A store over files. */
  static ReleaseStore of(StoreFiles files) {
    return of(files, ReleaseSigner.none());
  }

  /** A store over files that signs what it publishes. */
  static ReleaseStore of(StoreFiles files, ReleaseSigner signer) {
    return new FileReleaseStore(files, signer);
  }
}
