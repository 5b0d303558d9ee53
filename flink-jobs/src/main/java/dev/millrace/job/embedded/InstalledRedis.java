package dev.millrace.job.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A server of the Redis that this machine has, on loopback, that ends with this object. */
public final class InstalledRedis implements AutoCloseable {

  private static final String NAME = "redis-server";
  private static final int WITH_VECTORS = 8;
  private static final Pattern VERSION = Pattern.compile("\\bv=(\\d+)\\.");

  private final RedisProcess process;

  private InstalledRedis(RedisProcess process) {
    this.process = process;
  }

  /** Why there is no Redis here that has vector sets; null if there is one. */
  public static @Nullable String problem() {
    for (String folder : Objects.requireNonNullElse(System.getenv("PATH"), "").split(":", -1)) {
      if (Files.isExecutable(Path.of(folder, NAME))) {
        String said = version(Path.of(folder, NAME));
        Matcher version = VERSION.matcher(said);
        return version.find() && Integer.parseInt(version.group(1)) >= WITH_VECTORS
            ? null
            : NAME + " is \"" + said + "\", expected version " + WITH_VECTORS + " or newer";
      }
    }
    return "no " + NAME + " on the PATH, expected version " + WITH_VECTORS + " or newer";
  }

  private static String version(Path server) {
    try {
      Process process =
          new ProcessBuilder(server.toString(), "--version").redirectErrorStream(true).start();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + server, e);
    }
  }

  /** Starts one; its options come on top of those that the embedded stack uses. */
  public static InstalledRedis start(Path folder, String... options) {
    return new InstalledRedis(RedisProcess.start(server(), made(folder), options));
  }

  /** Starts one where another was. */
  public static InstalledRedis startAt(int port, Path folder, String... options) {
    return new InstalledRedis(RedisProcess.startAt(server(), port, made(folder), options));
  }

  /** The folder, made if it is not there. */
  private static Path made(Path folder) {
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static RedisBinary server() {
    String problem = problem();
    if (problem != null) {
      throw new IllegalStateException(problem + "; docs/install-full.sh installs it");
    }
    return new RedisBinary(Path.of(NAME));
  }

  public int port() {
    return process.port();
  }

  public String uri() {
    return process.uri();
  }

  /** Processor time of the server so far. */
  public double cpuSeconds() {
    return process.handle().info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3;
  }

  @Override
  public void close() {
    process.close();
  }
}
