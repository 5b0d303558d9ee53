package dev.millrace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Libraries whose older versions have known holes are there in versions that have not. */
class DependenciesTest {

  private static final Pattern JAR =
      Pattern.compile(".*/([A-Za-z0-9_.-]+?)-(\\d[\\w.]*(?:-[\\w.]+)*)\\.jar!/.*");

  /** By artifact: the first version without the hole, and the hole. */
  private static final Map<String, List<String>> SAFE_FROM =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("avro", List.of("1.12.1", "CVE-2025-33042")),
              Map.entry("jedis", List.of("7.5", "no host name check in TLS before")),
              Map.entry("lz4-java", List.of("1.10.1", "CVE-2025-12183, CVE-2025-66566")),
              Map.entry("commons-io", List.of("2.14", "CVE-2024-47554")),
              Map.entry("commons-lang3", List.of("3.18", "CVE-2025-48924")),
              Map.entry("commons-compress", List.of("1.26", "CVE-2024-25710, CVE-2024-26308")),
              Map.entry("commons-text", List.of("1.10", "CVE-2022-42889")),
              Map.entry("commons-beanutils", List.of("1.11", "CVE-2025-48734")),
              Map.entry("commons-collections", List.of("3.2.2", "CVE-2015-7501")),
              Map.entry("guava", List.of("32.0.1", "CVE-2023-2976, CVE-2020-8908")),
              Map.entry("jackson-core", List.of("2.15", "CVE-2025-52999")),
              Map.entry("jose4j", List.of("0.9.6", "CVE-2024-29371")),
              Map.entry("kafka-clients", List.of("3.9.1", "CVE-2025-27817")),
              Map.entry("log4j-core", List.of("2.25.3", "CVE-2025-68161")),
              Map.entry("snakeyaml", List.of("2.0", "CVE-2022-1471")),
              Map.entry("snappy-java", List.of("1.1.10.4", "CVE-2023-43642"))));

  @Test
  void classPath_librariesWithKnownHoles_areNewEnough() throws IOException {
    Map<String, String> versions = versions();
    SAFE_FROM.forEach(
        (artifact, safe) -> {
          String version = versions.get(artifact);
          assertTrue(version != null, artifact + " is not on the class path");
          assertTrue(
              compare(version, safe.get(0)) >= 0,
              artifact + " " + version + ", expected at least " + safe);
        });
  }

  @Test
  void classPath_unmaintainedLz4_isNotThere() throws IOException {
    for (URL manifest : manifests()) {
      assertFalse(manifest.toString().contains("/org/lz4/"), manifest.toString());
    }
  }

  @Test
  void compare_versions_goesNumberByNumber() {
    assertTrue(compare("1.12.2", "1.12.1") > 0);
    assertTrue(compare("1.9", "1.10") < 0);
    assertEquals(0, compare("33.4.8-jre", "33.4.8"));
    assertTrue(compare("7.5.0", "7.5") >= 0);
  }

  private static List<URL> manifests() throws IOException {
    return Collections.list(
        DependenciesTest.class.getClassLoader().getResources("META-INF/MANIFEST.MF"));
  }

  private static Map<String, String> versions() throws IOException {
    Map<String, String> versions = new TreeMap<>();
    for (URL manifest : manifests()) {
      Matcher jar = JAR.matcher(manifest.toString());
      if (jar.matches() && !jar.group(2).endsWith("-sources")) {
        versions.put(jar.group(1), jar.group(2));
      }
    }
    return versions;
  }

  private static int compare(String a, String b) {
    return Arrays.compare(numbers(a), numbers(b));
  }

  private static int[] numbers(String version) {
    return Pattern.compile("\\d+")
        .matcher(version.replaceAll("-[a-z].*", ""))
        .results()
        .mapToInt(number -> Integer.parseInt(number.group()))
        .toArray();
  }
}
