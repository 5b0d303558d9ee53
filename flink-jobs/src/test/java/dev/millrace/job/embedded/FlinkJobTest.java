package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class FlinkJobTest {

  @Test
  void toString_nameIsOneWord_isToldAsItIs() {
    assertEquals("millrace-serve RUNNING 3f", told("millrace-serve"));
    String longest = "insert-into_default_catalog.default_database." + "x".repeat(35);
    assertEquals(longest + " RUNNING 3f", told(longest));
  }

  /** As a script of SQL may set {@code pipeline.name}. */
  @Test
  void toString_nameOfManyLines_isToldOnOneAndInQuotes() {
    assertEquals("\"mails: FAILED ones\" RUNNING 3f", told(" mails:\r\n\tFAILED\u001b\u2028ones"));
    assertEquals("\"\" RUNNING 3f", told(" "));
  }

  @Test
  void toString_longName_isCutBetweenCharacters() {
    assertEquals("😀".repeat(80) + "… RUNNING 3f", told("😀".repeat(81)));
  }

  private static String told(String name) {
    return new FlinkJob("3f", name, "RUNNING", 1, 1).toString();
  }
}
