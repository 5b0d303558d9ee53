package dev.millrace.job.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;

/** The Redis server that embedded-redis carries, unpacked. */
record RedisBinary(Path path) {

  /** Unpacks the server of this platform into a folder. */
  static RedisBinary unpack(Path directory) {
    String resource = resource(System.getProperty("os.name"), System.getProperty("os.arch"));
    Path target = directory.resolve("redis-server");
    try (InputStream in = RedisBinary.class.getResourceAsStream("/" + resource)) {
      if (in == null) {
        throw new IllegalStateException("no Redis server for this platform: " + resource);
      }
      Files.createDirectories(directory);
      Files.copy(in, target, StandardCopyOption.REPLACE_EXISTING);
      Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwx------"));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot unpack Redis to " + target, e);
    }
    return new RedisBinary(target);
  }

  /** The command that serves on loopback, keeps everything in memory and forgets the least used. */
  List<String> command(int port, Path directory) {
    return List.of(
        path.toString(),
        "--bind",
        "127.0.0.1",
        "--port",
        String.valueOf(port),
        "--dir",
        directory.toString(),
        "--save",
        "",
        "--appendonly",
        "no",
        "--maxmemory",
        "256mb",
        "--maxmemory-policy",
        "allkeys-lru");
  }

  static String resource(String osName, String osArch) {
    String os = osName.toLowerCase(Locale.ROOT).contains("mac") ? "darwin" : "linux";
    String arch =
        switch (osArch) {
          case "aarch64", "arm64" -> "arm64";
          case "x86", "i386", "i686" -> "386";
          default -> "amd64";
        };
    return "redis-server-6.2.7-" + os + "-" + arch;
  }
}
