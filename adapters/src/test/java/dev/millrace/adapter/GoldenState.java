package dev.millrace.adapter;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * State as committed code wrote it into savepoints: what this code reads, or refuses by its
 * version.
 *
 * <p>Who changes a format gives it another version, reads the one before (its file stays, under its
 * number) or says in CHANGELOG.md that state of earlier code does not open, and writes these files
 * anew: {@code ./mvnw -pl adapters -am test -Dtest=StateCodecTest,PairLearnerTest
 * -Dmillrace.write=true -Dsurefire.failIfNoSpecifiedTests=false}.
 */
public final class GoldenState {

  private static final Path FOLDER =
      Path.of("src", "test", "resources", "dev", "millrace", "adapter", "state");

  private GoldenState() {}

  /**
   * The committed bytes of that name.
   *
   * @param now what is written with {@code -Dmillrace.write=true}
   */
  public static byte[] of(String name, byte[] now) throws IOException {
    if (Boolean.getBoolean("millrace.write")) {
      Files.createDirectories(FOLDER);
      Files.write(file(name), now);
    }
    return of(name);
  }

  /** The same, of an earlier version that this code reads: it is never written anew. */
  public static byte[] of(String name) throws IOException {
    return Files.readAllBytes(file(name));
  }

  private static Path file(String name) {
    return FOLDER.resolve(name + ".bin");
  }
}
