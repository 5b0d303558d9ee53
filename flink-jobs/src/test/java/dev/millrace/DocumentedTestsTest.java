package dev.millrace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A page that says which test shows something names tests that there are. */
class DocumentedTestsTest {

  private static final Path ROOT = Path.of(System.getProperty("millrace.root"));
  private static final Pattern NAME = Pattern.compile("`(\\w+(?:Test|IT))`");

  @Test
  void pages_testsThatTheyName_areThere() throws IOException {
    Set<String> named = new TreeSet<>();
    for (String page : new String[] {"security.md", "metrics.md", "chaos.md", "scale.md"}) {
      NAME.matcher(Files.readString(ROOT.resolve("docs").resolve(page)))
          .results()
          .forEach(name -> named.add(name.group(1)));
    }
    assertTrue(named.size() > 5, named.toString());
    named.removeAll(tests());
    assertEquals(Set.of(), named);
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
