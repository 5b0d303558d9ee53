package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GeneratingTest {

  @Test
  void completion_sixteenChoicesInAll_areRead() {
    assertEquals(4, completion("'n':4").n());
  }

  /** Four times the last one is 4 in 32 bits. */
  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 5, Integer.MAX_VALUE, (1 << 30) + 1})
  void completion_moreChoicesInAllOrNone_areRefusedWithBothNumbers(int n) {
    ApiProblem problem = assertThrows(ApiProblem.class, () -> completion("'n':" + n));
    assertEquals(400, problem.status());
    assertEquals("n", problem.param());
    assertEquals(
        "n is " + n + " for 4 prompts, expected 1 to 16 choices in all", problem.getMessage());
  }

  @Test
  void completion_userOfMoreBytesThanAKeyMayHave_isRefusedWithBothSizes() {
    String user = "é".repeat(256);
    assertEquals(user, completion("'user':'" + user + "'").user());
    ApiProblem problem = assertThrows(ApiProblem.class, () -> completion("'user':'a" + user + "'"));
    assertEquals(400, problem.status());
    assertEquals("user", problem.param());
    assertEquals(
        "user is 513 bytes, expected at most 512: it is the key of the request",
        problem.getMessage());
  }

  @Test
  void completion_fieldsThatSayNothingOfTheAnswer_areLetPass() {
    assertEquals(1, completion("'prompt_cache_key':'mails','safety_identifier':'u1'").n());
    String cached = "'prompt_cache_retention':'24h','prompt_cache_options':{'mode':'explicit'}";
    assertEquals(1, completion(cached).n());
  }

  @Test
  void logProbs_ofTheChosenTokens_areReadAndOfOthersRefusedWithTheirNumber() {
    assertFalse(completion("'n':1").logProbs());
    assertTrue(completion("'logprobs':0").logProbs());
    assertFalse(completion("'logprobs':false").logProbs());
    assertRefused(
        "logprobs is true, expected an integer of 64 bits", () -> completion("'logprobs':true"));
    assertFalse(chat("'logprobs':false,'top_logprobs':0").logProbs());
    assertTrue(chat("'logprobs':true").logProbs());
    assertRefused(
        "logprobs is 5, expected 0: the chosen tokens alone", () -> completion("'logprobs':5"));
    assertRefused(
        "echo is true beside logprobs, expected false: a prompt has none",
        () -> completion("'logprobs':0,'echo':true"));
    assertRefused(
        "top_logprobs is 2, expected 0: this is not supported",
        () -> chat("'logprobs':true,'top_logprobs':2"));
  }

  @Test
  void maxTokens_asNamedOrLeftToTheRoomOfAChat_areReadAndOthersRefused() {
    assertEquals(16, completion("'n':1").maxTokens());
    assertEquals(0, chat("'n':1").maxTokens());
    assertEquals(300, chat("'max_tokens':300").maxTokens());
    assertEquals(7, chat("'max_tokens':300,'max_completion_tokens':7").maxTokens());
    assertRefused("max_tokens is 0, expected 1 to 512", () -> chat("'max_tokens':0"));
    assertRefused("max_tokens is 513, expected 1 to 512", () -> completion("'max_tokens':513"));
    assertRefused(
        "max_completion_tokens is 0, expected 1 to 512", () -> chat("'max_completion_tokens':0"));
  }

  private static void assertRefused(String message, Executable reading) {
    ApiProblem problem = assertThrows(ApiProblem.class, reading);
    assertEquals(400, problem.status());
    assertEquals(message, problem.getMessage());
  }

  private static Generating chat(String field) {
    String body = "{'model':'base','messages':[{'role':'user','content':'a'}],%s}".formatted(field);
    return Generating.chat(Fields.of(body.replace('\'', '"')));
  }

  @Test
  void completion_fieldGivenTwice_isRefusedByName() {
    ApiProblem problem = assertThrows(ApiProblem.class, () -> completion("'n':1,'n':2"));
    assertEquals(400, problem.status());
    assertEquals("the body is not JSON: Duplicate field 'n'", problem.getMessage());
  }

  /** It has no UTF-8, and would be asked about as a question mark. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "{'prompt':'a\\ud800'} prompt",
        "{'prompt':['a','\\udc00b']} prompt[1]",
        "{'stop':['\\ud83d\\ude00','\\ude00\\ud83d']} stop[1]",
        "{'user':'\\udfff'} user",
        "{'messages':[{'role':'user','content':[{'text':'\\ud800'}]}]} messages[0].content[0].text"
      },
      delimiter = ' ')
  void fields_halfASurrogatePair_isRefusedWithItsPlace(String body, String place) {
    ApiProblem problem = assertThrows(ApiProblem.class, () -> Fields.of(body.replace('\'', '"')));
    assertEquals(400, problem.status());
    assertEquals(
        place + " is text with half a surrogate pair, expected Unicode text", problem.getMessage());
  }

  /** The place of each level has the names of all above it: 8 MiB of names came to 4 GB. */
  @Test
  void fields_manyLevelsOrLongNames_areRefused() {
    String deep = "{\"a\":".repeat(65) + "1" + "}".repeat(65);
    String wide = "{\"%s\":1}".formatted("a".repeat(1_025));
    for (String body : List.of(deep, wide)) {
      ApiProblem problem = assertThrows(ApiProblem.class, () -> Fields.of(body));
      assertEquals(400, problem.status());
      assertEquals("invalid_json", problem.code());
    }
  }

  /** Some bodies of 8 MiB at once would take all of the gateway's memory. */
  @Test
  void fields_bracketsThatTakeMuchMoreMemoryThanTheyHaveBytes_areRefused() {
    String body = "{'prompt':[%s{}]}".formatted("{},".repeat(60_000)).replace('\'', '"');
    ApiProblem problem = assertThrows(ApiProblem.class, () -> Fields.of(body));
    assertEquals(400, problem.status());
    assertEquals("invalid_json", problem.code());
    assertTrue(
        problem.getMessage().startsWith("the body is not JSON: Token count (100001) exceeds"),
        problem::getMessage);
  }

  /** Each item's place was put together from all names above it: 13 GB for 250 kB. */
  @Test
  void fields_manyItemsUnderLongNames_namesAreNotPutTogetherForEach() {
    String name = "{\"%s\":".formatted("a".repeat(1_024));
    String body = name.repeat(62) + "[%s0]".formatted("0,".repeat(90_000)) + "}".repeat(62);
    var thread = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = thread.getCurrentThreadAllocatedBytes();
    Fields read = Fields.of(body);
    long allocated = thread.getCurrentThreadAllocatedBytes() - before;
    assertNotNull(read);
    assertTrue(allocated < 64 << 20, () -> allocated + " bytes");
  }

  private static Generating completion(String field) {
    String body = "{'model':'base','prompt':['a','b','c','d'],%s}".formatted(field);
    return Generating.completion(Fields.of(body.replace('\'', '"')));
  }
}
