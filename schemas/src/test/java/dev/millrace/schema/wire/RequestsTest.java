package dev.millrace.schema.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestsTest {

  @Test
  void problem_plainRequest_isNone() {
    assertNull(Requests.problem(request("q", "java", "x", 1, 0, 0)));
    assertNull(Requests.problem(request("q", "java", "x", 0, 0, 0)));
    assertNull(Requests.problem(request("q", null, "x", Limits.MAX_TOKENS, 2, 0)));
  }

  @ParameterizedTest
  @CsvSource({
    "'',java,x,1,0,0,missing-id",
    "q,Java,x,1,0,0,bad-domain",
    "q,java,'',1,0,0,empty-prompt",
    "q,java,x,-1,0,0,bad-max-tokens",
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

  /** The key of a domain is made of both names. */
  @Test
  void problem_tenantThatIsNoName_isRefusedWithItsValue() {
    Request request = request("q", "java", "x", 1, 0, 0);
    assertNull(Requests.problem(request.toBuilder().tenant("acme").build()));
    String problem = Requests.problem(request.toBuilder().tenant("acme\0java").build());
    assertTrue(problem != null && problem.startsWith("bad-tenant: tenant is "), problem);
  }

  @ParameterizedTest
  @CsvSource({
    "-1,1,'bad-top-k: topK is -1, expected 0 (all) or more'",
    "0,0,'bad-top-p: topP is 0.0, expected more than 0, at most 1'",
    "0,1.5,'bad-top-p: topP is 1.5, expected more than 0, at most 1'",
    "0,NaN,'bad-top-p: topP is NaN, expected more than 0, at most 1'"
  })
  void problem_selectionOutOfRange_isNamedWithItsValue(int topK, double topP, String problem) {
    assertEquals(problem, Requests.problem(selecting(topK, topP, List.of())));
  }

  @Test
  void problem_stopTexts_areFewAndShortAndNotEmpty() {
    String longest = "x".repeat(Limits.STOP_BYTES);
    assertNull(Requests.problem(selecting(7, 0.1, Collections.nCopies(8, longest))));
    assertEquals(
        "bad-stop: stop has 9 texts, expected at most 8",
        Requests.problem(selecting(0, 1, Collections.nCopies(9, "x"))));
    assertEquals(
        "bad-stop: stop[1] is \"\", expected text",
        Requests.problem(selecting(0, 1, List.of("x", ""))));
    assertEquals(
        "bad-stop: stop[0] has at least 257 bytes, expected at most 256",
        Requests.problem(selecting(0, 1, List.of(longest + "x"))));
  }

  @Test
  void problem_media_arePicturesOrSoundsThatFit() {
    Media picture = new Media(Modality.IMAGE, new byte[9]);
    assertNull(
        Requests.problem(request("q", "icons", "a", 1, 0, 0).toBuilder().media(picture).build()));
    assertNull(
        Requests.problem(request("q", "icons", "", 1, 0, 0).toBuilder().media(picture).build()));
    assertEquals(
        "empty-prompt: prompt is \"\", expected text",
        Requests.problem(request("q", "auto", "", 1, 0, 0).toBuilder().media(picture).build()));
    assertEquals(
        "bad-modality: media is CODE of 9 bytes, expected IMAGE or AUDIO",
        problem(new Media(Modality.CODE, new byte[9])));
    assertEquals(
        "bad-modality: media is AUDIO of 0 bytes, expected its bytes",
        problem(new Media(Modality.AUDIO, new byte[0])));
    assertEquals(
        "too-long: media is IMAGE of 524289 bytes, expected at most 524288",
        problem(new Media(Modality.IMAGE, new byte[Limits.REQUEST_MEDIA_BYTES + 1])));
  }

  private static String problem(Media media) {
    return String.valueOf(
        Requests.problem(request("q", "java", "x", 1, 0, 0).toBuilder().media(media).build()));
  }

  @Test
  void problem_mediaToEmbed_takeNoPromptAndMayBeText() {
    Request embeds =
        Request.builder("q", Task.EMBED, "x")
            .origin(Records.HERE)
            .media(new Media(Modality.IMAGE, new byte[9]))
            .build();
    assertEquals(
        "bad-modality: media is IMAGE of 9 bytes, expected no prompt: EMBED takes one or the other",
        Requests.problem(embeds));
    Request places = Request.builder("q", Task.EMBED, "").origin(Records.HERE).build();
    assertEquals("empty-prompt: prompt is \"\", expected text", Requests.problem(places));
    for (Modality modality : Modality.values()) {
      assertNull(
          Requests.problem(places.toBuilder().media(new Media(modality, new byte[9])).build()));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TEXT", "CODE"})
  void problem_textToEmbedAsMedia_isAsLongAsAPromptMayBe(Modality modality) {
    Request places = Request.builder("q", Task.EMBED, "").origin(Records.HERE).build();
    assertNull(
        Requests.problem(
            places.toBuilder().media(new Media(modality, new byte[Limits.PROMPT_BYTES])).build()));
    assertEquals(
        "too-long: media is " + modality + " of 16385 bytes, expected at most 16384",
        Requests.problem(
            places.toBuilder()
                .media(new Media(modality, new byte[Limits.PROMPT_BYTES + 1]))
                .build()));
  }

  @Test
  void problem_promptOverTheLimit_isTooLong() {
    String prompt = "x".repeat(Limits.PROMPT_BYTES);
    assertNull(Requests.problem(request("q", "java", prompt, 1, 0, 0)));
    String problem = Requests.problem(request("q", "java", prompt + "x", 1, 0, 0));
    assertTrue(problem != null && problem.startsWith("too-long: prompt"), problem);
  }

  /** What is repeated in an answer has no answer if it is too long: the sink could not write it. */
  @Test
  void decode_nameOverTheLimit_isRefused() throws Exception {
    String most = "n".repeat(Limits.ID_BYTES);
    Request longest = named(most, most, most, most, most);
    assertEquals(longest, decoded(longest));
    String more = most + "n";
    assertTooLong("id", named(more, most, most, most, most));
    assertTooLong("tenant", named(most, more, most, most, most));
    assertTooLong("domain", named(most, most, more, most, most));
    assertTooLong("release", named(most, most, most, more, most));
    assertTooLong("cancels", named(most, most, most, most, more));
  }

  private static void assertTooLong(String what, Request request) {
    InvalidRecordException refused =
        assertThrows(InvalidRecordException.class, () -> decoded(request));
    assertEquals("too-long", refused.reason());
    assertEquals(what + " has at least 513 bytes, expected at most 512", refused.detail());
  }

  private static Request decoded(Request request) throws InvalidRecordException {
    return Codecs.requests().decode(Codecs.requests().encode(request), Records.HERE);
  }

  @Test
  void requireBounded_keyOverTheLimit_isRefused() throws Exception {
    Request request = request("q", "java", "x", 1, 0, 0);
    Requests.requireBounded(null, request);
    Requests.requireBounded(new byte[Limits.ID_BYTES], request);
    InvalidRecordException refused =
        assertThrows(
            InvalidRecordException.class,
            () -> Requests.requireBounded(new byte[Limits.ID_BYTES + 1], request));
    assertEquals("too-long", refused.reason());
    assertEquals("key has 513 bytes, expected at most 512", refused.detail());
    assertEquals("q", refused.id());
  }

  private static Request named(
      String id, String tenant, String domain, String release, String cancels) {
    return Request.builder(id, Task.GENERATE, "")
        .tenant(tenant)
        .domain(domain)
        .release(release)
        .cancels(cancels)
        .origin(Records.HERE)
        .build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"SCORE", "EMBED"})
  void problem_notGenerating_looksAtNoGenerationSettings(Task task) {
    Request request = Request.builder("q", task, "x").temperature(-1).origin(Records.HERE).build();
    assertNull(Requests.problem(request));
  }

  @Test
  void problem_cancelling_asksForNothingElse() {
    assertNull(Requests.problem(ending("q1", 0)));
    String problem = Requests.problem(ending(" ", 0));
    assertTrue(problem != null && problem.startsWith("missing-id: id is \" \""), problem);
  }

  @Test
  void problem_deadlineBeforeTheEpoch_isRefusedWithItsValue() {
    String problem = Requests.problem(ending("q1", -5));
    assertTrue(problem != null && problem.startsWith("bad-time: deadlineMillis is -5"), problem);
  }

  private static Request ending(String cancels, long deadline) {
    return Request.builder("q", Task.GENERATE, "")
        .deadlineMillis(deadline)
        .cancels(cancels)
        .origin(Records.HERE)
        .build();
  }

  private static Request selecting(int topK, double topP, List<String> stop) {
    return Request.builder("q", Task.GENERATE, "x")
        .domain("java")
        .maxTokens(1)
        .temperature(0.5)
        .topK(topK)
        .topP(topP)
        .stop(stop)
        .origin(Records.HERE)
        .build();
  }

  private static Request request(
      String id, String domain, String prompt, int maxTokens, double temperature, long time) {
    return Request.builder(id, Task.GENERATE, prompt)
        .domain(domain)
        .maxTokens(maxTokens)
        .temperature(temperature)
        .eventTimeMillis(time)
        .origin(Records.HERE)
        .build();
  }
}
