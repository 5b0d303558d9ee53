package dev.millrace.adapter.publish;

import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseSigner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;

/** A {@link ReleaseStore} whose commit is the manifest: a folder without one is no release. */
record FileReleaseStore(StoreFiles files, ReleaseSigner signer) implements ReleaseStore {

  @Override
  public String publish(Draft draft) {
    String id = draft.manifest().id();
    try {
      return publish(draft.manifest(), name -> Objects.requireNonNull(draft.files().get(name)));
    } catch (IOException e) {
      throw new UncheckedIOException("release " + id + " could not be published", e);
    }
  }

  @Override
  public String publish(Manifest manifest, Contents contents) throws IOException {
    String id = manifest.id();
    if (!files.exists(path(id, Manifest.FILE))) {
      for (String name : manifest.files().keySet()) {
        files.write(path(id, name), contents.read(name));
      }
      for (String name : manifest.files().keySet()) {
        if (!files.exists(path(id, name))) {
          throw new IOException(path(id, name) + " is gone again, expected it until all is there");
        }
      }
      byte[] bytes = manifest.toBytes();
      for (Map.Entry<String, byte[]> file : signer.sign(bytes).entrySet()) {
        files.write(path(id, file.getKey()), file.getValue());
      }
      files.write(path(id, Manifest.FILE), bytes);
    }
    return files.uri(id);
  }

  @Override
  public String uri(String release) {
    return files.uri(release);
  }

  private static String path(String id, String name) {
    return id + "/" + name;
  }
}
