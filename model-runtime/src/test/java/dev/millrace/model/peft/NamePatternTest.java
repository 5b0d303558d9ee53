package dev.millrace.model.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.InvalidAdapterException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamePatternTest {

  private static final String NAME = "model.layers.17.mlp.experts.3.up_proj";

  private static Stream<String> endless() {
    return Stream.of(
        ".*" + "(|)".repeat(31) + "=",
        ".*" + "(?:x?|)".repeat(31) + "=",
        "(?i:|)".repeat(31) + "(?!)",
        "(?=.*" + "(?>|)(|)".repeat(31) + "=)",
        ".*()" + "\\1?".repeat(31) + "=",
        ".*()(?:(?:){20000}){1000000}=\\1",
        "(.+)+\\1=",
        ".*".repeat(10) + "=");
  }

  /** Each takes a minute or more, most of them without reading a character. */
  @ParameterizedTest
  @MethodSource("endless")
  void fits_takesExponentialTime_isRefused(String regex) {
    InvalidAdapterException refused =
        assertTimeoutPreemptively(
            Duration.ofSeconds(20),
            () ->
                assertThrows(
                    InvalidAdapterException.class,
                    () -> new NamePattern("rank_pattern", regex, Steps.ofOneFolder()).fits(NAME)));
    String said = String.valueOf(refused.getMessage());
    assertTrue(said.startsWith("pattern " + regex + " takes more than 1048576 steps"), said);
  }

  /** What Python refuses too, or Java reads otherwise. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "$?=",
        "\\b{3}",
        "\\Qa|b\\E",
        "\\c[",
        "[a[b]]",
        "[a&&b]",
        "[\\Q]\\E",
        "(?x)a",
        "(?#a)b",
        "(",
        "["
      })
  void new_notOfPythonAndJava_isRefused(String regex) {
    InvalidAdapterException refused =
        assertThrows(
            InvalidAdapterException.class,
            () -> new NamePattern("rank_pattern", regex, Steps.ofOneFolder()));
    assertTrue(String.valueOf(refused.getMessage()).contains("expected a regular expression"));
  }

  @Test
  void fits_nestsDeeplierThanTheStack_isRefused() {
    String name = "a".repeat(100_000);
    assertThrows(
        InvalidAdapterException.class,
        () -> new NamePattern("rank_pattern", "(a|b)*", Steps.ofOneFolder()).fits(name));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`.*\\.(?:up|down)_proj` | true",
        "`.*\\.(up|down)_pro` | false",
        "`^model\\.(?!vision)(?:.*\\.)?up_proj$` | true",
        "`^(?!.*experts).*up_proj` | false",
        "`.*(?<=experts\\.\\d\\.)up_proj` | true",
        "`.*(?<!up)_proj` | false",
        "`(?i).*UP_PROJ` | true",
        "`(?i:MODEL)\\..*` | true",
        "`model(?:\\.|x)layers\\.(1[0-9]|2[0-3])\\..*` | true",
        "`(?P<a_b>m)odel\\.layers\\.17\\.(?P=a_b)lp.*` | true",
        "`(m)(o)del\\.layers\\.17\\.\\1lp.*` | true",
        "`[]m]odel[^]]*` | true",
        "`[\\]\\[m\\w]odel.{,40}` | true",
        "`|model.*` | true",
        "`()|(?:)` | false",
        "`\\Amodel\\b.*\\bup_proj\\Z` | true",
        "`(?s:.*up_proj)\\z` | true"
      })
  void fits_whatPythonFits(String regex, boolean fits) {
    assertEquals(fits, new NamePattern("rank_pattern", regex, Steps.ofOneFolder()).fits(NAME));
  }

  @Test
  void group_isThatOfTheStranger() {
    assertEquals(
        "17",
        new NamePattern("layers_pattern", ".*?\\.(?:layers|h)\\.(\\d+)\\.", Steps.ofOneFolder())
            .group(NAME));
    assertNull(
        new NamePattern("layers_pattern", ".*?\\.h\\.(\\d+)\\.", Steps.ofOneFolder()).group(NAME));
  }
}
