package dev.millrace.adapter.publish;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The files of a release store, by relative paths with {@code /}. */
public interface StoreFiles {

  /** How the name of a file ends that is not in place yet. */
  String PART = ".part";

  boolean exists(String path) throws IOException;

  /**
   * Writes a whole file: on return it is visible, and durable once its folder is {@linkplain #sync
   * synced}; if it throws, neither.
   */
  void write(String path, byte[] bytes) throws IOException;

  /** On return the files that were written into a folder are durable, and their names with them. */
  void sync(String folder) throws IOException;

  /** Every file in the store's folders, also what is no release. */
  List<StoredFile> list() throws IOException;

  /** Removes a file, and its folder with the last one; what is gone already may be removed. */
  void delete(String path) throws IOException;

  /** Where readers find a path. */
  String uri(String path);

  /** Files under a folder of this machine. */
  static StoreFiles in(Path folder) {
    return new LocalFiles(folder.toAbsolutePath().normalize());
  }
}
