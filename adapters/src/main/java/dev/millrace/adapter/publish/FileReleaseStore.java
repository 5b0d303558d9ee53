package dev.millrace.adapter.publish;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/** A {@link ReleaseStore} whose commit is the manifest: a folder without one is no release. */
record FileReleaseStore(StoreFiles files) implements ReleaseStore {
  private static final String MANIFEST = "manifest.json";

  @Override
  public String publish(Release release) {
    try {
      if (!files.exists(path(release, MANIFEST))) {
        for (Map.Entry<String, byte[]> file : release.files().entrySet()) {
          files.write(path(release, file.getKey()), file.getValue());
        }
        files.write(path(release, MANIFEST), release.manifest());
      }
      return files.uri(release.id());
    } catch (IOException e) {
      throw new UncheckedIOException("release " + release.id() + " could not be published", e);
    }
  }

  private static String path(Release release, String name) {
    return release.id() + "/" + name;
  }
}
