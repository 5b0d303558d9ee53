package dev.millrace.adapter.publish;

import dev.millrace.model.release.Manifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/** A {@link ReleaseStore} whose commit is the manifest: a folder without one is no release. */
record FileReleaseStore(StoreFiles files) implements ReleaseStore {

  @Override
  public String publish(Draft draft) {
    String id = draft.manifest().id();
    try {
      if (!files.exists(path(id, Manifest.FILE))) {
        for (Map.Entry<String, byte[]> file : draft.files().entrySet()) {
          files.write(path(id, file.getKey()), file.getValue());
        }
        files.write(path(id, Manifest.FILE), draft.manifest().toBytes());
      }
      return files.uri(id);
    } catch (IOException e) {
      throw new UncheckedIOException("release " + id + " could not be published", e);
    }
  }

  private static String path(String id, String name) {
    return id + "/" + name;
  }
}
