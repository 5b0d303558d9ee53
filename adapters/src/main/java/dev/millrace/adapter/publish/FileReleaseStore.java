package dev.millrace.adapter.publish;

import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseSigner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.SortedMap;

/** A {@link ReleaseStore} whose commit is the manifest: a folder without one is no release. */
record FileReleaseStore(StoreFiles files, ReleaseSigner signer) implements ReleaseStore {

  @Override
  public String publish(Draft draft) {
    String id = draft.manifest().id();
    try {
      if (!files.exists(path(id, Manifest.FILE))) {
        byte[] manifest = draft.manifest().toBytes();
        write(id, draft.files());
        write(id, signer.sign(manifest));
        files.write(path(id, Manifest.FILE), manifest);
      }
      return files.uri(id);
    } catch (IOException e) {
      throw new UncheckedIOException("release " + id + " could not be published", e);
    }
  }

  @Override
  public String uri(String release) {
    return files.uri(release);
  }

  private void write(String id, SortedMap<String, byte[]> contents) throws IOException {
    for (Map.Entry<String, byte[]> file : contents.entrySet()) {
      files.write(path(id, file.getKey()), file.getValue());
    }
  }

  private static String path(String id, String name) {
    return id + "/" + name;
  }
}
