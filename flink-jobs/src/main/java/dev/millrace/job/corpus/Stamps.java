package dev.millrace.job.corpus;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.schema.Modality;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The stamps of Tux Paint, photographs and drawings with English captions, of Debian's {@code
 * tuxpaint-stamps-default}. What has one caption stands on one side of a split.
 */
final class Stamps {

  private static final String FOLDER = "usr/share/tuxpaint/stamps";
  private static final String PICTURE = ".png";

  private Stamps() {}

  static boolean areUnder(Path root) {
    return Files.isDirectory(root.resolve(FOLDER));
  }

  static Stream<Pair> read(Path root) {
    try (Stream<Path> files = Files.walk(root.resolve(FOLDER))) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(PICTURE))
          .sorted()
          .flatMap(file -> pair(file).stream())
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + root.resolve(FOLDER), e);
    }
  }

  /** Empty where nobody said what it shows. */
  private static Optional<Pair> pair(Path picture) {
    String name = picture.getFileName().toString().replace(PICTURE, "");
    Path text = picture.resolveSibling(name + ".txt");
    return Files.exists(text)
        ? caption(text).map(caption -> pair(picture, caption))
        : Optional.empty();
  }

  private static Pair pair(Path picture, String caption) {
    String topic = picture.resolveSibling("").getFileName().toString();
    return new Pair(Pairs.STAMPS, Modality.IMAGE, caption, topic, caption, new Bytes(picture));
  }

  /** The first line, which is English. */
  private static Optional<String> caption(Path text) {
    try (Stream<String> lines = Files.lines(text, UTF_8)) {
      return lines.findFirst().map(line -> line.strip()).filter(line -> !line.isEmpty());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + text, e);
    }
  }
}
