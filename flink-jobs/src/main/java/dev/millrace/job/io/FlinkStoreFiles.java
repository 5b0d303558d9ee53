package dev.millrace.job.io;

import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.publish.StoredFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.RecoverableFsDataOutputStream;

/** A release store on any of Flink's file systems; a file appears when it is whole. */
public record FlinkStoreFiles(String uri) implements StoreFiles {

  /**
   * The store at a URI, or at a path of this machine.
   *
   * @throws IllegalArgumentException if no file system here reads it
   */
  public static StoreFiles at(String uri) {
    Path path = new Path(uri);
    URI absolute = path.toUri();
    boolean local = absolute.getScheme() == null || absolute.getScheme().equals("file");
    if (local && absolute.getAuthority() == null) {
      return StoreFiles.in(java.nio.file.Path.of(absolute.getPath()));
    }
    try {
      FileSystem unused = FlinkReleaseFiles.files(path);
    } catch (FileNotFoundException e) {
      throw new IllegalArgumentException("store " + e.getMessage(), e);
    } catch (IOException e) {
      // It is known, and whoever reads or writes is told what is wrong with it now.
    }
    return new FlinkStoreFiles(uri);
  }

  @Override
  public boolean exists(String path) throws IOException {
    Path file = resolve(path);
    return file.getFileSystem().exists(file);
  }

  @Override
  public void write(String path, byte[] bytes) throws IOException {
    Path file = resolve(path);
    FileSystem files = file.getFileSystem();
    try (RecoverableFsDataOutputStream out = files.createRecoverableWriter().open(file)) {
      out.write(bytes);
      out.closeForCommit().commit();
    }
  }

  @Override
  public void sync(String folder) {
    // whoever commits a file of these stores has it durable
  }

  @Override
  public List<StoredFile> list() throws IOException {
    Path root = new Path(uri);
    return list(root.getFileSystem(), root);
  }

  static List<StoredFile> list(FileSystem files, Path root) throws IOException {
    List<StoredFile> found = new ArrayList<>();
    for (FileStatus folder : inside(files, root)) {
      if (folder.isDir()) {
        for (FileStatus file : inside(files, folder.getPath())) {
          String path = folder.getPath().getName() + "/" + file.getPath().getName();
          found.add(new StoredFile(path, Instant.ofEpochMilli(file.getModificationTime())));
        }
      }
    }
    return found;
  }

  /** Nothing, where there is no such folder, or no more. */
  private static FileStatus[] inside(FileSystem files, Path folder) throws IOException {
    try {
      FileStatus[] found = files.listStatus(folder); // null from Flink's own
      return found == null ? new FileStatus[0] : found;
    } catch (FileNotFoundException e) {
      return new FileStatus[0];
    }
  }

  @Override
  public void delete(String path) throws IOException {
    Path file = resolve(path);
    FileSystem files = file.getFileSystem();
    files.delete(file, false);
    if (inside(files, file.getParent()).length == 0) {
      files.delete(file.getParent(), false);
    }
  }

  @Override
  public String uri(String path) {
    return resolve(path).toString();
  }

  private Path resolve(String path) {
    if (path.startsWith("/") || ("/" + path + "/").contains("/../")) {
      throw new IllegalArgumentException("path " + path + " leaves the store");
    }
    return new Path(new Path(uri), path);
  }
}
