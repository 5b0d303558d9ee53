package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.schema.Modality;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromptingTest {

  private static final String PICTURE =
      "{'type':'image_url','image_url':{'url':'data:image/png;base64,AQID'}}";
  private static final String SOUND =
      "{'type':'input_audio','input_audio':{'data':'BAU=','format':'wav'}}";

  @Test
  void of_textAlone_isATranscript() throws Exception {
    Prompting found =
        read("{'role':'system','content':'Be brief.'},{'role':'user','content':'Hi'}");
    assertEquals("system: Be brief.\nuser: Hi\nassistant:", found.transcript());
    assertNull(found.media());
  }

  @Test
  void of_pictureAmongParts_standsBeforeTheTranscript() throws Exception {
    Prompting found =
        read(
            user(
                "{'type':'text','text':'What is '},"
                    + PICTURE
                    + ",{'type':'text','text':'this?'}"));
    assertEquals("user: What is this?\nassistant:", found.transcript());
    assertEquals(Modality.IMAGE, Objects.requireNonNull(found.media()).modality());
    assertArrayEquals(new byte[] {1, 2, 3}, found.media().bytes());
  }

  @Test
  void of_soundOfAnEarlierMessage_standsBeforeTheTranscript() throws Exception {
    Prompting found = read(user(SOUND) + ",{'role':'user','content':'What was said?'}");
    assertEquals("user: \nuser: What was said?\nassistant:", found.transcript());
    assertEquals(Modality.AUDIO, Objects.requireNonNull(found.media()).modality());
    assertArrayEquals(new byte[] {4, 5}, found.media().bytes());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{'type':'image_url','image_url':{'url':'https://example.org/a.png'}}|nothing is fetched",
        "{'type':'image_url','image_url':{'url':'data:image/png;base64,?'}}|base 64",
        "{'type':'input_audio','input_audio':{'data':'?'}}|base 64",
        "{'type':'file','file':{}}|image_url or input_audio",
        "'Hi'|messages.content.type is missing, expected text",
        "{'type':'text'}|messages.content.text is missing, expected text",
        "{'type':'text','text':7}|messages.content.text is 7, expected text",
        "{'type':'text','text':'a','texts':'b'}|messages.content.texts is \"b\", expected no such field: not supported",
        "{'type':'text','text':'a','image_url':{'url':'b'}}|messages.content.image_url is {\"url\":\"b\"}, expected no such field: not supported",
        "{'type':'image_url','image_url':{'uri':'a'}}|messages.content.image_url.uri is \"a\", expected no such field: not supported",
        "{'type':'image_url','image_url':null,'uuid':'sku-1'}|messages.content.image_url.url is \"\", expected data:image/",
        "{'type':'input_audio','input_audio':{'data':'BAU=','id':'a'}}|messages.content.input_audio.id is \"a\", expected no such field: not supported",
      })
  void of_anythingElse_saysWhatWasExpected(String part, String expected) {
    ApiProblem problem = assertThrows(ApiProblem.class, () -> read(user(part)));
    assertTrue(String.valueOf(problem.getMessage()).contains(expected), problem.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "true", "{'type':'text','text':'Hi'}"})
  void of_contentThatIsNeitherTextNorParts_isRefused(String content) {
    ApiProblem problem =
        assertThrows(
            ApiProblem.class, () -> read("{'role':'user','content':%s}".formatted(content)));
    assertTrue(
        String.valueOf(problem.getMessage()).endsWith("expected a text or a list of parts"),
        problem.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {"{'content':'Hi'}|missing", "{'role':7}|7", "'Hi'|missing"})
  void of_roleThatIsNone_isRefusedWithIt(String message, String found) {
    ApiProblem problem = assertThrows(ApiProblem.class, () -> read(message));
    String said = String.valueOf(problem.getMessage());
    assertTrue(said.startsWith("messages.role is %s, expected one of".formatted(found)), said);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{'role':'user'}", "{'role':'tool','content':null}"})
  void of_noContent_isRefused(String message) {
    ApiProblem problem = assertThrows(ApiProblem.class, () -> read(message));
    assertEquals("messages.content", problem.param());
  }

  @Test
  void of_assistantsMessageAsClientsSendItBack_isATranscript() throws Exception {
    String assistant = "{'role':'assistant','content':%s,'refusal':null,'annotations':[]}";
    Prompting found = read(assistant.formatted("'Hi'") + "," + assistant.formatted("null"));
    assertEquals("assistant: Hi\nassistant: \nassistant:", found.transcript());
    String tool = "{'role':'tool','tool_call_id':'call_1','content':'7'}";
    assertEquals("tool: 7\nassistant:", read(tool).transcript());
    String named = "{'role':'user','name':'Ada','content':'Hi'}";
    assertEquals("user: Hi\nassistant:", read(named).transcript());
  }

  /** As agents for several providers do, LangChain, whose blocks have ids, and clients of vLLM. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "'id':'lc_1'",
        "'index':0",
        "'uuid':'sku-1'",
        "'cache_control':{'type':'ephemeral'}",
        "'prompt_cache_breakpoint':{'mode':'explicit'}"
      })
  void of_partThatIsNamedOrMarkedForACache_isReadAsWithoutThat(String mark) throws Exception {
    Prompting found =
        read(
            user(
                "{'type':'text','text':'What is this?',%s},%s"
                    .formatted(mark, PICTURE.replaceFirst("}$", "," + mark + "}"))));
    assertEquals("user: What is this?\nassistant:", found.transcript());
    assertEquals(Modality.IMAGE, Objects.requireNonNull(found.media()).modality());
  }

  /** The transcript has no place for them, and the answer would be one to less than was said. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "'tool_calls':[{'id':'call_1'}]",
        "'function_call':{'name':'f'}",
        "'refusal':'I cannot'",
        "'audio':{'id':'audio_1'}",
        "'contents':'misspelt'"
      })
  void of_fieldThatIsNotRead_isRefusedByName(String field) {
    String message = "{'role':'assistant','content':'Hi',%s}".formatted(field);
    ApiProblem problem = assertThrows(ApiProblem.class, () -> read(message));
    String name = "messages." + field.substring(1, field.indexOf("':"));
    assertEquals(name, problem.param());
    assertEquals(
        "%s is %s, expected no such field: not supported"
            .formatted(name, field.substring(field.indexOf(':') + 1).replace('\'', '"')),
        problem.getMessage());
  }

  @Test
  void of_twoMedia_areTooMany() {
    ApiProblem problem = assertThrows(ApiProblem.class, () -> read(user(PICTURE + "," + SOUND)));
    assertTrue(String.valueOf(problem.getMessage()).contains("at most one"), problem.getMessage());
  }

  private static String user(String parts) {
    return "{'role':'user','content':[" + parts + "]}";
  }

  private static Prompting read(String messages) throws Exception {
    List<JsonNode> nodes = new ArrayList<>();
    Fields.JSON.readTree(("[" + messages + "]").replace('\'', '"')).forEach(nodes::add);
    return Prompting.of(nodes);
  }
}
