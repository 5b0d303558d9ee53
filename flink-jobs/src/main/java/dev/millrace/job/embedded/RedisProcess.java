package dev.millrace.job.embedded;

import dev.millrace.model.base.DaemonThreads;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A Redis server on loopback that ends with this object, or with this process. */
final class RedisProcess implements AutoCloseable {

  private static final int ATTEMPTS = 3;
  private static final long STOP_SECONDS = 10;

  private final Process process;
  private final int port;
  private final Thread drain;

  private RedisProcess(Process process, int port, Thread drain) {
    this.process = process;
    this.port = port;
    this.drain = drain;
  }

  /**
   * Starts Redis on a free port; another process may take it meanwhile, so it tries anew.
   *
   * @param options on top of ours
   */
  static RedisProcess start(Path directory, String... options) {
    return start(RedisBinary.unpack(directory), directory, options);
  }

  static RedisProcess start(RedisBinary binary, Path directory, String... options) {
    List<String> said = List.of();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = FreePorts.find(1).get(0);
      said = new ArrayList<>();
      RedisProcess started = start(binary, port, directory, options, said);
      if (started != null) {
        return started;
      }
    }
    throw new IllegalStateException("Redis did not start; it said: " + String.join("\n", said));
  }

  /** Starts Redis on a certain port. */
  static RedisProcess startAt(RedisBinary binary, int port, Path directory, String... options) {
    List<String> said = new ArrayList<>();
    RedisProcess started = start(binary, port, directory, options, said);
    if (started == null) {
      throw new IllegalStateException(
          "Redis did not start on port " + port + "; it said: " + String.join("\n", said));
    }
    return started;
  }

  private static @Nullable RedisProcess start(
      RedisBinary binary, int port, Path directory, String[] options, List<String> said) {
    List<String> command = new ArrayList<>(binary.command(port, directory));
    command.addAll(List.of(options));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      LastWill will = LastWill.of("kill -9 \"$1\"", String.valueOf(process.pid()));
      BufferedReader out = process.inputReader();
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        said.add(line);
        if (line.contains("Ready to accept connections")) {
          return new RedisProcess(process, port, drain(out, will));
        }
      }
      will.close();
      process.destroy();
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + binary.path(), e);
    }
  }

  String uri() {
    return "redis://127.0.0.1:" + port;
  }

  int port() {
    return port;
  }

  ProcessHandle handle() {
    return process.toHandle();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
      drain.join();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** Reads on, so that Redis never blocks on a full pipe. */
  private static Thread drain(BufferedReader out, LastWill will) {
    Thread thread =
        new DaemonThreads("redis-output")
            .newThread(
                () -> {
                  try (will;
                      out) {
                    while (out.readLine() != null) {}
                  } catch (IOException e) {
                    // The process has ended.
                  }
                });
    thread.start();
    return thread;
  }
}
