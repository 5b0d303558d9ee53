package dev.millrace.adapter.publish;

import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.release.ReleaseSigner;
import dev.millrace.model.release.ReleaseStep;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A {@link ReleaseStore} whose commit is the manifest: a folder without one is no release. */
record FileReleaseStore(StoreFiles files, ReleaseSigner signer) implements ReleaseStore {

  private static final Logger LOG = LoggerFactory.getLogger(ReleaseStore.class);

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
    ReleaseReader.requireReadable(manifest);
    String id = manifest.id();
    ReleaseStep step = ReleaseStep.begun(ReleaseStep.Kind.PUBLISH, id);
    byte[] bytes = manifest.toBytes();
    if (!files.exists(path(id, Manifest.FILE))) {
      warnIfEmptyAfter(manifest.parent(), id);
      for (String name : manifest.files().keySet()) {
        files.write(path(id, name), contents.read(name));
      }
      for (String name : manifest.files().keySet()) {
        if (!files.exists(path(id, name))) {
          throw new IOException(path(id, name) + " is gone again, expected it until all is there");
        }
      }
      sign(id, bytes);
      files.sync(id); // a manifest whose files a power cut took would be there for ever
      files.write(path(id, Manifest.FILE), bytes);
    } else if (!files.exists(path(id, Manifest.SIGNATURE))) {
      sign(id, bytes); // it was published where no key was set
    }
    files.sync(id);
    step.commit();
    return files.uri(id);
  }

  private void sign(String id, byte[] manifest) throws IOException {
    for (Map.Entry<String, byte[]> file : signer.sign(manifest).entrySet()) {
      files.write(path(id, file.getKey()), file.getValue());
    }
  }

  /** A mount point stays when what is mounted there goes: the store seems to be there, and new. */
  private void warnIfEmptyAfter(@Nullable String parent, String id) throws IOException {
    if (parent != null
        && !files.exists(path(parent, Manifest.FILE))
        && files.list().stream().noneMatch(file -> file.path().endsWith("/" + Manifest.FILE))) {
      LOG.warn(
          "the store holds no release, not even {} before {}: is its volume mounted? The release"
              + " goes to {}",
          parent,
          id,
          files.uri(id));
    }
  }

  @Override
  public String uri(String release) {
    return files.uri(release);
  }

  private static String path(String id, String name) {
    return id + "/" + name;
  }
}
