package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiKeysTest {

  @Test
  void read_noText_isRefusedByName(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("keys"), new byte[] {(byte) 0xff});
    var e = assertThrows(IllegalArgumentException.class, () -> ApiKeys.read(file));
    assertEquals(file + " is not UTF-8, expected KEY TENANT a line", e.getMessage());
    assertNull(e.getCause(), "causes are logged, and what could not be read may hold a key");
  }

  /** As some editors write it: the first key was never known. */
  @Test
  void read_byteOrderMark_isNoPartOfTheFirstKey(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("keys"), "\uFEFFsecret acme\r\nother b\r\n");
    assertEquals("acme", ApiKeys.read(file).caller("Bearer secret").tenant());
    assertEquals("b", ApiKeys.read(file).caller("Bearer other").tenant());
  }

  @Test
  void caller_schemeInAnyCase_isKnown(@TempDir Path folder) throws IOException {
    ApiKeys keys = ApiKeys.read(Files.writeString(folder.resolve("keys"), "secret acme\n"));
    for (String scheme : List.of("Bearer", "bearer", "BEARER")) {
      assertEquals("acme", keys.caller(scheme + " secret").tenant());
    }
    for (String wrong : List.of("secret", "Basic secret", "bearersecret", "bearer SECRET")) {
      assertThrows(ApiProblem.class, () -> keys.caller(wrong));
    }
  }

  /** The learn job would reject all that its key sends. */
  @Test
  void read_tenantThatNoRecordMayName_isRefused(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("keys"), "secret -\nother Acme\n");
    var e = assertThrows(IllegalArgumentException.class, () -> ApiKeys.read(file));
    assertEquals(
        "line 2 of "
            + file
            + " has tenant Acme, expected 1..64 characters [a-z0-9][a-z0-9._-]*, or - for none",
        e.getMessage());
  }

  @Test
  void read_oneKeyOfTwoTenants_isRefusedAndNotShown(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("keys"), "secret acme\nother acme\nsecret b\n");
    var e = assertThrows(IllegalArgumentException.class, () -> ApiKeys.read(file));
    assertEquals(
        "line 3 of " + file + " has the key of a line before, expected another", e.getMessage());
  }
}
