package dev.millrace.model.weights;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** A file that is there when it is whole. */
public final class WholeFile {

  private static final int BUFFER = 1 << 16;

  private WholeFile() {}

  /** Gives the bytes of a file. */
  @FunctionalInterface
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Writes a file under a temporary name beside it, then moves it into place; when this returns, it
   * is on the disk. If the process is told to end meanwhile, nothing is left.
   *
   * @throws FileSystemException that names the file, where the disk is full
   */
  @SuppressWarnings("try") // closed, and not asked
  public static void write(Path file, Content content) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try (Deletion unused = new Deletion(part)) {
      try (FileChannel channel = FileChannel.open(part, CREATE, TRUNCATE_EXISTING, WRITE);
          OutputStream out = new BufferedOutputStream(new Named(file, channel), BUFFER)) {
        content.writeTo(out);
        out.flush();
        channel.force(true);
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    }
    try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent(), READ)) {
      folder.force(true);
    }
  }

  /** The same of bytes. */
  public static void write(Path file, byte[] bytes) throws IOException {
    write(file, out -> out.write(bytes));
  }

  /** Deletes a file, also if the process ends: after its hooks, as one may wait for the file. */
  private static final class Deletion implements Closeable {
    private final Path file;
    private final Thread hook;

    Deletion(Path file) {
      this.file = file;
      hook = new Thread(this::deleteOnExit, "millrace-deletion");
      try {
        Runtime.getRuntime().addShutdownHook(hook);
      } catch (IllegalStateException e) {
        deleteOnExit(); // the process ends already
      }
    }

    private void deleteOnExit() {
      file.toFile().deleteOnExit();
    }

    @Override
    public void close() throws IOException {
      Files.deleteIfExists(file);
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The process is ending: the hook finds nothing.
      }
    }
  }

  /** What fails says of which file. */
  private static final class Named extends FilterOutputStream {
    private final Path file;

    Named(Path file, FileChannel channel) {
      super(Channels.newOutputStream(channel));
      this.file = file;
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      try {
        out.write(bytes, from, length);
      } catch (IOException e) {
        FileSystemException named =
            new FileSystemException(file.toString(), null, String.valueOf(e.getMessage()));
        named.initCause(e);
        throw named;
      }
    }
  }
}
