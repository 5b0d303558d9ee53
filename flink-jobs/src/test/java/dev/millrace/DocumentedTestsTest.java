package dev.millrace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Pages name tests that there are, and link to files that there are. */
class DocumentedTestsTest {

  private static final Path ROOT = Path.of(System.getProperty("millrace.root"));
  private static final Pattern NAME = Pattern.compile("`(\\w+(?:Test|IT))`");
  private static final Pattern LINK = Pattern.compile("]\\((?!https?:)([^)#\\s]+)");

  @Test
  void pages_testsThatTheyName_areThere() throws IOException {
    Set<String> named = new TreeSet<>();
    for (Path page : pages()) {
      NAME.matcher(Files.readString(page)).results().forEach(name -> named.add(name.group(1)));
    }
    assertTrue(named.size() > 5, named.toString());
    named.removeAll(tests());
    assertEquals(Set.of(), named);
  }

  @Test
  void pages_filesThatTheyLinkTo_areThere() throws IOException {
    Set<String> broken = new TreeSet<>();
    for (Path page : pages()) {
      LINK.matcher(Files.readString(page))
          .results()
          .map(link -> link.group(1))
          .filter(link -> !Files.exists(page.resolveSibling(link)))
          .forEach(link -> broken.add(ROOT.relativize(page) + ": " + link));
    }
    assertEquals(Set.of(), broken);
  }

  private static List<Path> pages() throws IOException {
    try (Stream<Path> here = Files.list(ROOT);
        Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      return Stream.concat(here, docs).filter(path -> path.toString().endsWith(".md")).toList();
    }
  }

  private static Set<String> tests() throws IOException {
    Set<String> tests = new TreeSet<>();
    for (String module : new String[] {"schemas", "model-runtime", "adapters", "flink-jobs"}) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/test/java"))) {
        tests.addAll(
            files
                .map(file -> file.getFileName().toString())
                .filter(name -> name.endsWith(".java"))
                .map(name -> name.substring(0, name.length() - ".java".length()))
                .collect(Collectors.toSet()));
      }
    }
    return tests;
  }
}
