package dev.millrace.job.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Keeps {@code docs/configuration.md} what the records and their comments say. To write it anew:
 * {@code ./mvnw -pl flink-jobs -am test -Dtest=ConfigurationPageTest -Dmillrace.write=true
 * -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class ConfigurationPageTest {

  private static final Path ROOT = Path.of(System.getProperty("millrace.root", ".."));
  private static final Path PAGE = ROOT.resolve("docs/configuration.md");
  private static final List<String> MODULES =
      List.of("schemas", "model-runtime", "adapters", "flink-jobs");
  private static final Pattern PARAMETER =
      Pattern.compile("@param (\\w+) (.*?)(?=@param |@throws |\\z)", Pattern.DOTALL);
  private static final Pattern VARIABLE =
      Pattern.compile(
          "/\\*\\* ([^/]*?) \\*/\\s+public static final String \\w+ = \"(MILLRACE_\\w+)\"");

  private static final String HEAD =
      """
      # Configuration

      Every key, its default and what it means, as the records in the code say; `ConfigurationPageTest` keeps this page so.

          ./millrace submit learn --set batch.count=32 --set learn.train.epochs=2
          ./millrace gateway --set score.acceptRate=0.8    # of jobs in its own process; those of a cluster have what they were submitted with

      Keys of `kafka`, `base`, `redis`, `store` and `serve` may also stand in `CREATE MODEL … WITH (…)` ([sql.md](sql.md)). Unknown keys and values out of range are errors, told all at once, with
      the known key that a misspelt one is near to. Secrets are no keys: they come from the environment (below).

      A job takes every key, and reads those of `job`, `kafka`, `checkpoint`, `store`, `base` and

      - **learn**: `heldOut`, `unlabelled`, `score`, `batch`, `learn`, `align`;
      - **serve**: `redis`, `serve`;
      - **compress**: `compress`, and the gate's bounds (`learn.gate`).

      A gateway reads `kafka` and `gateway` and, to judge adapters from elsewhere, `store`, `base`, `heldOut`, `score` and `learn`.
      """;

  @Test
  void page_ofTheDocs_isWhatTheRecordsSay() throws IOException {
    String page = page();
    if (Boolean.getBoolean("millrace.write")) {
      Files.writeString(PAGE, page);
    }
    assertEquals(page, Files.readString(PAGE));
  }

  private static String page() throws IOException {
    StringBuilder page = new StringBuilder(HEAD);
    MillraceConfig defaults = MillraceConfig.defaults();
    for (RecordComponent section : MillraceConfig.class.getRecordComponents()) {
      Class<?> type = section.getType();
      page.append("\n## ").append(section.getName()).append("\n\n");
      page.append(summary(type)).append("\n\n| key | default | |\n|---|---|---|\n");
      rows(page, section.getName() + ".", type, (Record) value(section, defaults));
    }
    return page.append(environment()).toString();
  }

  private static void rows(StringBuilder page, String path, Class<?> type, Record record)
      throws IOException {
    Map<String, String> meanings = meanings(type);
    for (RecordComponent component : type.getRecordComponents()) {
      String key = path + component.getName();
      Object value = value(component, record);
      if (value instanceof Record nested) {
        rows(page, key + ".", component.getType(), nested);
      } else {
        String open = value instanceof Map<?, ?> ? ".…" : "";
        page.append(
            "| `%s` | %s | %s |%n"
                .formatted(key + open, shown(value), meaning(component, meanings)));
      }
    }
  }

  private static String shown(Object value) {
    String text = value instanceof Map<?, ?> ? "" : Values.format(value);
    return text.isEmpty() ? "" : "`" + text + "`";
  }

  private static String meaning(RecordComponent component, Map<String, String> meanings) {
    String meaning = meanings.getOrDefault(component.getName(), "");
    Object[] choices = component.getType().getEnumConstants();
    if (choices == null) {
      return meaning;
    }
    String names =
        Arrays.stream(choices)
            .map(choice -> "`" + Values.format(choice) + "`")
            .collect(Collectors.joining(", "));
    return meaning.isEmpty() ? names : meaning + ": " + names;
  }

  private static Object value(RecordComponent component, Record record) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(component.toString(), e);
    }
  }

  /** The first paragraph of a record's comment. */
  private static String summary(Class<?> type) throws IOException {
    return plain(comment(type).split("@param|<p>", 2)[0]);
  }

  private static Map<String, String> meanings(Class<?> type) throws IOException {
    Map<String, String> meanings = new TreeMap<>();
    Matcher parameter = PARAMETER.matcher(comment(type));
    while (parameter.find()) {
      meanings.put(parameter.group(1), plain(parameter.group(2)));
    }
    return meanings;
  }

  private static String comment(Class<?> type) throws IOException {
    String source = source(type);
    int declared = source.indexOf("public record " + type.getSimpleName() + "(");
    int from = source.lastIndexOf("/**", declared);
    return source.substring(from + 3, source.indexOf("*/", from)).replaceAll("\\n \\* ?", "\n");
  }

  private static String source(Class<?> type) throws IOException {
    String file = type.getName().replace('.', '/') + ".java";
    Path found =
        MODULES.stream()
            .map(module -> ROOT.resolve(module).resolve("src/main/java").resolve(file))
            .filter(Files::exists)
            .findFirst()
            .orElseThrow(() -> new AssertionError("no source of " + type));
    return Files.readString(found);
  }

  private static String plain(String comment) {
    return comment
        .replaceAll("\\s+\\*?\\s*", " ")
        .replaceAll("\\{@code ([^}]*)}", "`$1`")
        .replaceAll("\\{@link #?([^}]*)}", "`$1`")
        .replace("|", "\\|")
        .strip();
  }

  private static String environment() throws IOException {
    StringBuilder section =
        new StringBuilder("\n## The environment\n\n| variable | |\n|---|---|\n");
    Matcher variable = VARIABLE.matcher(source(Secret.class));
    long found = 0;
    while (variable.find()) {
      section.append("| `%s` | %s |%n".formatted(variable.group(2), plain(variable.group(1))));
      found++;
    }
    assertEquals(
        Stream.of(Secret.variables().split(", ", -1)).count(), found, "variables with a comment");
    return section.toString();
  }
}
