package dev.millrace.schema.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonLinesTest {

  @Test
  void sample_withIdAndTextAlone_takesTheDefaults() throws Exception {
    Sample sample = JsonLines.sample("{\"id\":\"a1\",\"text\":\"hello\"}", "file#1", "java", 17);
    assertEquals("a1", sample.document());
    assertEquals("java", sample.domain());
    assertEquals(Modality.TEXT, sample.modality());
    assertEquals(17, sample.eventTimeMillis());
    assertNull(sample.tenant());
  }

  @Test
  void sample_withoutId_isNamedByTheCaller() throws Exception {
    for (String line : List.of("{\"text\":\"hello\"}", "{\"id\":null,\"text\":\"hello\"}")) {
      Sample sample = JsonLines.sample(line, "file#1", "java", 17);
      assertEquals("file#1", sample.id());
      assertEquals("file#1", sample.document());
    }
  }

  /**
   * Some exports have it empty: all of a file were one document, and others than the jobs held out.
   */
  @Test
  void sample_emptyDocument_isADocumentOfItsOwn() throws Exception {
    String line = "{\"id\":\"a1\",\"text\":\"hello\",\"document\":\"\"}";
    assertEquals("a1", JsonLines.sample(line, "file#1", "java", 17).document());
    assertEquals("file#1", JsonLines.foreign(line, "text", "file#1", "java", 17).document());
  }

  /** As the lines of an object that is laid out over several. */
  @Test
  void sample_cutLine_saysNothingOfTheParser() {
    InvalidRecordException refused =
        assertThrows(
            InvalidRecordException.class, () -> JsonLines.sample("{\"a\":[", "file#1", null, 0));
    assertEquals(
        "Unexpected end-of-input: expected close marker for Array; the line is \"{\\\"a\\\":[\"",
        refused.detail());
  }

  @Test
  void sample_lineOfBracketsThatTakesMuchMoreMemoryThanItHasBytes_isRefused() {
    String line = "{\"text\":\"a\",\"more\":[" + "{},".repeat(60_000) + "{}]}";
    InvalidRecordException refused =
        assertThrows(
            InvalidRecordException.class, () -> JsonLines.sample(line, "file#1", "java", 0));
    assertEquals("not-json", refused.reason());
    assertTrue(refused.detail().startsWith("Token count (100001) exceeds"), refused.detail());
  }

  @Test
  void sample_withEveryKey_readsThem() throws Exception {
    String line =
        """
        {"id":"p1","source":"camera","document":"film","tenant":"acme","domain":"birds",
        "modality":"image","media":"AQID","caption":"a wren","eventTimeMillis":99}
        """;
    Sample sample = JsonLines.sample(line, "file#1", "java", 17);
    assertArrayEquals(new byte[] {1, 2, 3}, sample.media());
    assertEquals("camera film acme birds IMAGE a wren 99", summary(sample));
  }

  @Test
  void request_withEveryKey_readsThem() throws Exception {
    String line =
        """
        {"id":"q1","tenant":"acme","domain":"birds","release":"ab12","task":"score","prompt":"a",
        "maxTokens":7,"temperature":0.5,"topK":40,"topP":0.9,"seed":-3,"stop":["\\n","END"],
        "cached":false,"eventTimeMillis":99,"deadlineMillis":123,"cancels":"q0","stream":true,
        "modality":"image","media":"AQID","exact":true,"logProbs":true}
        """;
    Request request = JsonLines.request(line, null, 0);
    Request expected =
        new Request(
            "q1",
            "acme",
            "birds",
            "ab12",
            Request.Task.SCORE,
            "a",
            7,
            0.5,
            40,
            0.9,
            -3,
            List.of("\n", "END"),
            false,
            99,
            123,
            "q0",
            true,
            new Media(Modality.IMAGE, new byte[] {1, 2, 3}),
            true,
            true,
            request.origin());
    assertEquals(expected, request);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      textBlock =
          """
          [1,2]                                    | not-json     | expected one object
          {"id":"a","text":"b"                     | not-json     | Unexpected end-of-input
          {"id":"a","text":"b"} {}                 | not-json     | Trailing token
          {"id":"a","id":"b","text":"c"}           | not-json     | Duplicate
          {"id":"a","txt":"b"}                     | unknown-key  | did you mean "text"?
          {"id":"a","text":"b","domian":"java"}    | unknown-key  | did you mean "domain"?
          {"id":"a","text":"b","colour":"c"}       | unknown-key  | expected one of [caption,
          {"id":"a","text":5}                      | bad-value    | text is "5", expected a string
          {"id":"a","text":"b","modality":"smell"} | bad-value    | [TEXT, CODE, IMAGE, AUDIO]
          {"id":"a","media":"%","modality":"IMAGE"}| bad-value    | base64
          {"id":"a","text":"b","eventTimeMillis":1.5}| bad-value  | eventTimeMillis is "1.5"
          {"id":"a","text":"\\ud800"}              | invalid-utf8 | lone surrogate
          {"id":"a","text":"  "}                   | empty-text   | white space
          {"id":" ","text":"b"}                    | missing-id   | id is " "
          {"id":"a","text":"b","domain":"No Good"} | bad-domain   | domain is "No Good"
          {"id":"a","text":"b","domain":"auto"}    | bad-domain   | domain is "auto", expected none
          {"id":"a","text":"b","domain":"base"}    | bad-domain   | ask for the domain that fits, for the base alone
          {"id":"a","text":"b","domain":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"} | bad-domain | or 64 hexadecimal digits
          {"id":"a","text":"b","eventTimeMillis":-1} | bad-time   | -1
          """)
  void sample_invalidLine_isRefusedWithItsReason(String line, String reason, String detail) {
    InvalidRecordException refused =
        assertThrows(
            InvalidRecordException.class, () -> JsonLines.sample(line, "file#1", "java", 0));
    assertEquals(reason, refused.reason());
    assertTrue(refused.detail().contains(detail), refused.detail());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      textBlock =
          """
          {"id":"q","prompt":""}                              | empty-prompt
          {"id":"q","promt":"a"}                              | unknown-key
          {"id":"q","prompt":"a","maxTokens":513}             | bad-max-tokens
          {"id":"q","prompt":"a","maxTokens":99999999999}     | bad-value
          {"id":"q","prompt":"a","temperature":2.1}           | bad-temperature
          {"id":"q","prompt":"a","temperature":"hot"}         | bad-value
          {"id":"q","prompt":"a","topK":-1}                   | bad-top-k
          {"id":"q","prompt":"a","topP":0}                    | bad-top-p
          {"id":"q","prompt":"a","stop":"END"}                | bad-value
          {"id":"q","prompt":"a","stop":["END",7]}            | bad-value
          {"id":"q","prompt":"a","stop":[""]}                 | bad-stop
          {"id":"q","prompt":"a","cached":1}                  | bad-value
          {"id":"q","prompt":"a","release":"../up"}           | bad-release
          """)
  void request_invalidLine_isRefusedWithItsReason(String line, String reason) {
    InvalidRecordException refused =
        assertThrows(InvalidRecordException.class, () -> JsonLines.request(line, null, 0));
    assertEquals(reason, refused.reason());
  }

  private static String summary(Sample s) {
    return String.join(
        " ",
        s.source(),
        s.document(),
        s.tenant(),
        s.domain(),
        s.modality().name(),
        s.caption(),
        Long.toString(s.eventTimeMillis()));
  }
}
