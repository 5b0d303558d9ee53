package dev.millrace.job.bench.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

class CompressBenchmarkTest {

  private static final String TEACHER = "a6d9a30259cf0123";

  @Test
  void folder_otherTeacherOrTexts_isAnother() {
    String folder = CompressBenchmark.folder(TEACHER, new int[] {1, 2, 3});
    assertEquals(folder, CompressBenchmark.folder(TEACHER, new int[] {1, 2, 3}));
    assertNotEquals(folder, CompressBenchmark.folder(TEACHER, new int[] {1, 2, 4}));
    assertNotEquals(folder, CompressBenchmark.folder("b" + TEACHER, new int[] {1, 2, 3}));
  }
}
