package dev.millrace.job.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads keys and values, as text. */
final class Settings {

  private static final YAMLMapper YAML =
      new YAMLMapper(
          YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());

  private Settings() {}

  static Map<String, String> read(@Nullable Path file, List<String> settings, Problems problems) {
    Map<String, String> values = new TreeMap<>();
    if (file != null) {
      readFile(file, values, problems);
    }
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      if (equals < 1) {
        problems.add("\"" + setting + "\" is not key=value");
      } else {
        values.put(setting.substring(0, equals).strip(), setting.substring(equals + 1).strip());
      }
    }
    return values;
  }

  private static void readFile(Path file, Map<String, String> values, Problems problems) {
    try (Reader reader = Files.newBufferedReader(file)) {
      if (file.toString().endsWith(".properties")) {
        Properties properties = new Properties();
        properties.load(reader);
        properties.forEach((key, value) -> values.put(key.toString(), value.toString().strip()));
      } else {
        flatten("", YAML.readTree(reader), values, problems);
      }
    } catch (JsonProcessingException e) {
      problems.add(file + " is not YAML: " + e.getOriginalMessage());
    } catch (IOException | IllegalArgumentException e) {
      problems.add("cannot read " + file + ": " + e);
    }
  }

  private static void flatten(
      String path, JsonNode node, Map<String, String> values, Problems problems) {
    if (node.isObject()) {
      node.properties()
          .forEach(
              field ->
                  flatten(
                      path.isEmpty() ? field.getKey() : path + "." + field.getKey(),
                      field.getValue(),
                      values,
                      problems));
    } else if (node.isArray()) {
      problems.add(path + " is a list, expected one value");
    } else if (!path.isEmpty()) {
      values.put(path, node.isNull() ? "" : node.asText());
    } else if (!node.isMissingNode() && !node.isNull()) {
      problems.add("\"" + node.asText() + "\" stands where keys were expected");
    }
  }
}
