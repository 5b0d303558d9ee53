package dev.millrace.job.embedded;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Keeps others from a folder until it is closed, or this process ends however it does. Its file
 * stays: of one that is deleted, two processes could have a lock each.
 */
public record ProcessLock(FileChannel channel) implements Closeable {

  /**
   * Takes it at once.
   *
   * @param file says which process has it
   * @param what is kept, in words
   * @throws IllegalStateException if somebody has it
   */
  public static ProcessLock take(Path file, String what) throws IOException {
    FileChannel channel = FileChannel.open(file, CREATE, WRITE);
    if (!isTaken(channel)) {
      String by = Files.readString(file, US_ASCII);
      channel.close();
      throw new IllegalStateException(
          "%s is in use by process %s, expected one at a time".formatted(what, by));
    }
    channel.truncate(0);
    channel.write(ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(US_ASCII)));
    return new ProcessLock(channel);
  }

  private static boolean isTaken(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
