package dev.millrace.job.io;

import dev.millrace.model.release.ReleaseFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.Arrays;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.UnsupportedFileSystemSchemeException;

/**
 * Release files on any of Flink's file systems. What none of them reads is nowhere, however often
 * it is tried.
 */
public final class FlinkReleaseFiles implements ReleaseFiles {

  @Override
  public byte[] read(String uri, int maxBytes) throws IOException {
    Path path = new Path(uri);
    try (FSDataInputStream in = files(path).open(path)) {
      return read(in, maxBytes);
    }
  }

  /**
   * The file system of a path.
   *
   * @throws FileNotFoundException if there is none here that reads it
   */
  static FileSystem files(Path path) throws IOException {
    URI uri = path.toUri();
    if ("file".equals(uri.getScheme()) && uri.getAuthority() != null) {
      throw new FileNotFoundException(uri + " is of a machine " + uri.getAuthority());
    }
    try {
      return path.getFileSystem();
    } catch (UnsupportedFileSystemSchemeException e) {
      FileNotFoundException nowhere = new FileNotFoundException(uri + ": " + e.getMessage());
      nowhere.initCause(e);
      throw nowhere;
    }
  }

  /** At once what the stream says it has, where a file system says so much. */
  static byte[] read(InputStream in, int maxBytes) throws IOException {
    byte[] bytes = new byte[Math.min(maxBytes, in.available())];
    int read = in.readNBytes(bytes, 0, bytes.length);
    byte[] more = in.readNBytes(maxBytes - read);
    return read == bytes.length && more.length == 0 ? bytes : joined(bytes, read, more);
  }

  private static byte[] joined(byte[] bytes, int read, byte[] more) {
    byte[] all = Arrays.copyOf(bytes, read + more.length);
    System.arraycopy(more, 0, all, read, more.length);
    return all;
  }
}
