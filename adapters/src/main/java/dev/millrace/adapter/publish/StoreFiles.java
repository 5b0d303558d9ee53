package dev.millrace.adapter.publish;

import java.io.IOException;
import java.nio.file.Path;

/** The files of a release store, by relative paths with {@code /}. */
public interface StoreFiles {

  boolean exists(String path) throws IOException;

  /** Writes a whole file: on return it is durable and visible; if it throws, neither. */
  void write(String path, byte[] bytes) throws IOException;

  /** Where readers find a path. */
  String uri(String path);

  /** Files under a folder of this machine. */
  static StoreFiles in(Path folder) {
    return new LocalFiles(folder.toAbsolutePath().normalize());
  }
}
