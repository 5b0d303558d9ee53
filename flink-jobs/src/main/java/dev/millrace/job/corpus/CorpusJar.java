package dev.millrace.job.corpus;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/** A jar of the classpath read as data; it is found by an entry that only it holds. */
final class CorpusJar implements AutoCloseable {

  private final JarFile jar;

  private CorpusJar(JarFile jar) {
    this.jar = jar;
  }

  static CorpusJar holding(String marker) {
    URL url = CorpusJar.class.getClassLoader().getResource(marker);
    if (url == null) {
      throw new IllegalStateException("no jar on the classpath holds " + marker);
    }
    try {
      JarURLConnection connection = (JarURLConnection) url.openConnection();
      connection.setUseCaches(false);
      return new CorpusJar(connection.getJarFile());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot open the jar that holds " + marker, e);
    }
  }

  /** Names of the files that the predicate accepts, sorted. */
  List<String> names(Predicate<String> wanted) {
    return jar.stream()
        .filter(entry -> !entry.isDirectory())
        .map(JarEntry::getName)
        .filter(wanted)
        .sorted()
        .toList();
  }

  byte[] bytes(String name) {
    JarEntry entry = jar.getJarEntry(name);
    if (entry == null) {
      throw new IllegalStateException("%s holds no %s".formatted(jar.getName(), name));
    }
    try (var in = jar.getInputStream(entry)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }

  /** The file as UTF-8, or as ISO 8859-1 where it is not UTF-8, with Unix line ends. */
  String text(String name) {
    byte[] bytes = bytes(name);
    return decode(bytes).replace("\r\n", "\n");
  }

  private static String decode(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }

  @Override
  public void close() {
    try {
      jar.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
