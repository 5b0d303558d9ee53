package dev.millrace.job.io;

import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseStep;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.UnsupportedFileSystemSchemeException;
import org.jspecify.annotations.Nullable;

/**
 * Release files on any of Flink's file systems. What none of them reads is nowhere, however often
 * it is tried. What is not there is told apart from what cannot be read now: a file that is there
 * and cannot be opened, one that says nothing for long, and all of a store whose folder is gone, as
 * one is that is not mounted.
 */
public final class FlinkReleaseFiles implements ReleaseFiles {

  /** Whoever waits for a file may hold up all that want others. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** The folder of the store, if it has one on this machine. */
  private final java.nio.file.@Nullable Path store;

  private final BoundedReads reads;

  private FlinkReleaseFiles(java.nio.file.@Nullable Path store, Duration patience) {
    this.store = store;
    this.reads = new BoundedReads(patience);
  }

  /** Files of any store; the folder of none is expected to be there. */
  public FlinkReleaseFiles() {
    this(PATIENCE);
  }

  /**
   * @param patience how long a file may give no byte
   */
  FlinkReleaseFiles(Duration patience) {
    this((java.nio.file.Path) null, patience);
  }

  /** Files of a store, and of any other. */
  public FlinkReleaseFiles(String store) {
    this(store, PATIENCE);
  }

  /**
   * The same for others who wait.
   *
   * @param patience how long a file may give no byte
   */
  public FlinkReleaseFiles(String store, Duration patience) {
    this(local(new Path(store)), patience);
  }

  /**
   * @throws FileNotFoundException if there is no such file in a store that is there
   */
  @Override
  public byte[] read(String uri, int maxBytes) throws IOException {
    return reads.read(uri, bytes -> read(uri, maxBytes, bytes));
  }

  private byte[] read(String uri, int maxBytes, AtomicLong bytes) throws IOException {
    ReleaseStep step = ReleaseStep.begun(ReleaseStep.Kind.READ, uri);
    Path path = new Path(uri);
    FileSystem files = files(path);
    try (FSDataInputStream in = files.open(path)) {
      return read(BoundedReads.counted(in, bytes), maxBytes);
    } catch (FileNotFoundException e) { // Java's own says so of all that it cannot open
      java.nio.file.Path file = local(path);
      throw file == null ? e : failure(e, file);
    } finally {
      step.commit();
    }
  }

  /** What a file that was not found here fails with. */
  IOException failure(FileNotFoundException found, java.nio.file.Path file) {
    if (store != null && file.startsWith(store) && !Files.isDirectory(store)) {
      return new IOException("store " + store + " is away: there is no such folder", found);
    }
    return isThere(file) ? new IOException("cannot be read now: " + found.getMessage()) : found;
  }

  private static java.nio.file.@Nullable Path local(Path path) {
    String scheme = path.toUri().getScheme();
    return scheme == null || scheme.equals("file")
        ? java.nio.file.Path.of(path.getPath()).toAbsolutePath().normalize()
        : null;
  }

  private static boolean isThere(java.nio.file.Path file) {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class).isRegularFile();
    } catch (AccessDeniedException e) {
      return true;
    } catch (IOException e) {
      return false;
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
