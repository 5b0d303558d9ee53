package dev.millrace.schema.wire;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestsTest {

  @Test
  void problem_plainRequest_isNone() {
    assertNull(Requests.problem(request("q", "java", "x", 1, 0, 0)));
    assertNull(Requests.problem(request("q", null, "x", Limits.MAX_TOKENS, 2, 0)));
  }

  @ParameterizedTest
  @CsvSource({
    "'',java,x,1,0,0,missing-id",
    "q,Java,x,1,0,0,bad-domain",
    "q,java,'',1,0,0,empty-prompt",
    "q,java,x,0,0,0,bad-max-tokens",
    "q,java,x,513,0,0,bad-max-tokens",
    "q,java,x,1,-0.1,0,bad-temperature",
    "q,java,x,1,2.1,0,bad-temperature",
    "q,java,x,1,NaN,0,bad-temperature",
    "q,java,x,1,Infinity,0,bad-temperature",
    "q,java,x,1,0,-1,bad-time"
  })
  void problem_oneFieldWrong_isNamedFirst(
      String id,
      String domain,
      String prompt,
      int maxTokens,
      double temperature,
      long time,
      String reason) {
    String problem = Requests.problem(request(id, domain, prompt, maxTokens, temperature, time));
    assertTrue(problem != null && problem.startsWith(reason + ": "), problem);
  }

  @Test
  void problem_promptOverTheLimit_isTooLong() {
    String prompt = "x".repeat(Limits.PROMPT_BYTES);
    assertNull(Requests.problem(request("q", "java", prompt, 1, 0, 0)));
    String problem = Requests.problem(request("q", "java", prompt + "x", 1, 0, 0));
    assertTrue(problem != null && problem.startsWith("too-long: prompt"), problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"SCORE", "EMBED"})
  void problem_notGenerating_looksAtNoGenerationSettings(Task task) {
    Request request =
        new Request("q", null, null, null, task, "x", 0, -1, 0, true, 0, Records.HERE);
    assertNull(Requests.problem(request));
  }

  private static Request request(
      String id, String domain, String prompt, int maxTokens, double temperature, long time) {
    return new Request(
        id,
        null,
        domain,
        null,
        Task.GENERATE,
        prompt,
        maxTokens,
        temperature,
        0,
        true,
        time,
        Records.HERE);
  }
}
