package dev.millrace.adapter.publish;

import java.io.IOException;
import java.util.List;

/** Another's files, for tests that override what fails. */
public class ForwardingFiles implements StoreFiles {
  private final StoreFiles files;

  public ForwardingFiles(StoreFiles files) {
    this.files = files;
  }

  @Override
  public boolean exists(String path) throws IOException {
    return files.exists(path);
  }

  @Override
  public void write(String path, byte[] bytes) throws IOException {
    files.write(path, bytes);
  }

  @Override
  public void sync(String folder) throws IOException {
    files.sync(folder);
  }

  @Override
  public List<StoredFile> list() throws IOException {
    return files.list();
  }

  @Override
  public void delete(String path) throws IOException {
    files.delete(path);
  }

  @Override
  public String uri(String path) {
    return files.uri(path);
  }
}
