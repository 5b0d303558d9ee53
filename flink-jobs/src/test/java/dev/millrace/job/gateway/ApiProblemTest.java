package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ApiProblemTest {

  @ParameterizedTest
  @CsvSource({
    "prompt-too-long: 9, 400, context_length_exceeded, invalid_request_error",
    "cancelled: by cancel-1, 400, request_refused, invalid_request_error",
    "unknown-domain: mails, 404, model_not_found, invalid_request_error",
    "unknown-release: f00, 404, model_not_found, invalid_request_error",
    "overloaded: 9 wait, 429, rate_limit_exceeded, rate_limit_error",
    "closed: no release answers any more, 503, unavailable, server_error",
    "release-unreadable: away, 503, unavailable, server_error",
    "release-invalid: signature, 503, unavailable, server_error",
    "alias-mismatch: release of mails, 503, unavailable, server_error",
    "base-mismatch: release of base b, 503, unavailable, server_error",
    "batch-mismatch: release of batch 2, 503, unavailable, server_error",
    "routing-mismatch: 4 experts, 503, unavailable, server_error",
    "not-finite: f00 scores NaN, 503, unavailable, server_error",
    "model-failed: log-probability NaN, 500, model_failed, server_error"
  })
  void refused_errorOfAnAnswer_isTheCallersOrTheServers(
      String error, int status, String code, String type) {
    ApiProblem problem = ApiProblem.refused(error);
    assertEquals(status, problem.status());
    assertEquals(code, problem.code());
    assertEquals(type, problem.type());
    assertEquals(error, problem.getMessage());
  }

  /** A reply of megabytes is kept as long as its client does not read it. */
  @Test
  void message_repeatsALongValue_isCutHoweverItWasMade() {
    String longest = "x".repeat(1 << 20);
    assertTrue(ApiProblem.noModel("no model " + longest).getMessage().length() < 70_000);
    ApiProblem field = ApiProblem.badField(longest, longest, "none");
    assertTrue(field.getMessage().length() < 500, field::getMessage);
    assertEquals("x".repeat(200) + "…", field.param());
  }

  @Test
  void codes_thatTheSourcesGive_standInTheDocs() throws IOException {
    Path root = Path.of(System.getProperty("millrace.root"));
    String docs = Files.readString(root.resolve("docs/gateway.md"));
    Pattern code =
        Pattern.compile("(?:\\bbad\\(|notFound\\(|new ApiProblem\\(\\s*\\d+,)\\s*\"([a-z_]+)\"");
    Set<String> found = new TreeSet<>();
    Path sources = root.resolve("flink-jobs/src/main/java/dev/millrace/job/gateway");
    try (Stream<Path> files = Files.list(sources)) {
      for (Path file : files.toList()) {
        code.matcher(Files.readString(file)).results().forEach(at -> found.add(at.group(1)));
      }
    }
    assertTrue(found.contains("no_valid_sample"), found::toString);
    found.removeIf(one -> docs.contains("`" + one + "`"));
    assertEquals(Set.of(), found);
  }

  @Test
  void refused_fieldThatTheServeJobCallsOtherwise_isNamedAsTheCallerWroteIt() {
    assertEquals("top_p", ApiProblem.refused("bad-top-p: topP is 2").param());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "empty-prompt: prompt is \"\"",
        "too-long: media is IMAGE of 524289 bytes",
        "prompt-too-long: 600 tokens",
        "media-broken: cut short"
      })
  void in_refusedForItsPrompt_namesTheFieldThatItCameIn(String error) {
    ApiProblem problem = ApiProblem.refused(error);
    assertEquals("prompt", problem.param());
    ApiProblem told = in("messages", problem);
    assertEquals("messages", told.param());
    assertEquals(problem.code(), told.code());
    assertEquals(error, told.getMessage());
  }

  @Test
  void in_refusedForAnotherField_namesThatOne() {
    assertEquals("stop", in("messages", ApiProblem.refused("bad-stop: 9 texts")).param());
    assertNull(in("messages", ApiProblem.refused("overloaded: 9 wait")).param());
  }

  private static ApiProblem in(String field, ApiProblem problem) {
    CompletableFuture<Integer> asked = CompletableFuture.failedFuture(problem);
    CompletableFuture<Integer> told = ApiProblem.in(field, asked.thenApply(answer -> answer));
    return ApiProblem.of(assertThrows(CompletionException.class, told::join));
  }

  /** Whoever asks with tools was told them all, before what was expected. */
  @Test
  void badField_longValue_isToldByItsBeginning() {
    ApiProblem problem = ApiProblem.badField("tools", "a".repeat(199) + "\ud83d\ude00b", "[]");
    assertEquals("tools is " + "a".repeat(199) + "…, expected []", problem.getMessage());
    String whole = "a".repeat(200);
    assertEquals(
        "tools is " + whole + ", expected []",
        ApiProblem.badField("tools", whole, "[]").getMessage());
  }
}
