package dev.millrace.job.embedded;

import java.io.IOException;
import java.nio.file.Path;

/** A real Redis of a test's own, with options of its own. */
public final class OwnRedis implements AutoCloseable {

  private final RedisProcess process;

  private OwnRedis(RedisProcess process) {
    this.process = process;
  }

  /** Starts one; its options come on top of those that the embedded stack uses. */
  public static OwnRedis start(Path folder, String... options) {
    return new OwnRedis(RedisProcess.start(folder, options));
  }

  /** Starts one where another was. */
  public static OwnRedis startAt(int port, Path folder, String... options) {
    return new OwnRedis(RedisProcess.startAt(RedisBinary.unpack(folder), port, folder, options));
  }

  public int port() {
    return process.port();
  }

  public String uri() {
    return process.uri();
  }

  /** Stops the process in the middle of what it does: connections stay, nothing answers. */
  public void freeze() throws IOException, InterruptedException {
    signal("STOP");
  }

  public void thaw() throws IOException, InterruptedException {
    signal("CONT");
  }

  private void signal(String signal) throws IOException, InterruptedException {
    int exit =
        new ProcessBuilder("kill", "-" + signal, String.valueOf(process.handle().pid()))
            .start()
            .waitFor();
    if (exit != 0) {
      throw new IOException("kill -" + signal + " exited with " + exit);
    }
  }

  @Override
  public void close() {
    process.close();
  }
}
