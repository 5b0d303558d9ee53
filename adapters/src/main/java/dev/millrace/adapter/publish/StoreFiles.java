package dev.millrace.adapter.publish;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files of a release store, by relative paths with {@code /}. */
public interface StoreFiles {

  /** How the name of a file ends that is not in place yet. */
  String PART = ".part";

  /** A store on this machine has this file: a folder without it is one that is not mounted. */
  String MARK = "store.txt";

  /** Makes the store, unless it is there. */
  void create() throws IOException;

  /** Whether a file is in a store that is there. */
  boolean exists(String path) throws IOException;

  /** Writes a whole file: on return it is durable and visible; if it throws, neither. */
  void write(String path, byte[] bytes) throws IOException;

  /** Every file in the store's folders, also what is no release. */
  List<StoredFile> list() throws IOException;

  /** Removes a file, and its folder with the last one; what is gone already may be removed. */
  void delete(String path) throws IOException;

  /** Where readers find a path. */
  String uri(String path);

  /** Files under a folder of this machine; the first that is written makes the store. */
  static StoreFiles in(Path folder) {
    return new LocalFiles(folder.toAbsolutePath().normalize(), false);
  }

  /** Files of a store on this machine that is expected to be there, or is created first. */
  static StoreFiles expectedIn(Path folder) {
    return new LocalFiles(folder.toAbsolutePath().normalize(), true);
  }

  /**
   * Does nothing if the store in a folder of this machine is there.
   *
   * @throws IOException if it is away
   */
  static void requireThere(Path folder) throws IOException {
    if (!Files.isRegularFile(folder.resolve(MARK))) {
      String why = Files.isDirectory(folder) ? "it has no file " + MARK : "there is no such folder";
      throw new IOException("store " + folder + " is away: " + why);
    }
  }
}
