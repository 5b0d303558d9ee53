package dev.millrace.job.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Request;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmbeddingTest {

  private static final String PICTURE =
      "{'content':[{'type':'image_url','image_url':{'url':'data:image/png;base64,AQID'}}]}";
  private static final String SOUND =
      "{'content':[{'type':'input_audio','input_audio':{'data':'BAU=','format':'wav'}}]}";
  private static final String WORDS = "{'content':[{'type':'text','text':'a heron'}]}";

  @Test
  void of_texts_areForTheBase() {
    assertEquals(List.of("one"), read("'input':'one'").texts());
    assertEquals(List.of("one", "two"), read("'input':['one','two']").texts());
    assertEquals(List.of(), read("'input':'one'").media());
  }

  @Test
  void of_objects_areForTheSpaceOfAllMediaInTheirOrder() {
    Embedding found = read("'input':[%s,%s,%s]".formatted(PICTURE, WORDS, SOUND));
    assertEquals(List.of(), found.texts());
    assertEquals(
        List.of(Modality.IMAGE, Modality.TEXT, Modality.AUDIO),
        found.media().stream().map(Media::modality).toList());
    assertArrayEquals(new byte[] {1, 2, 3}, found.media().get(0).bytes());
    assertArrayEquals("a heron".getBytes(UTF_8), found.media().get(1).bytes());
    assertArrayEquals(new byte[] {4, 5}, found.media().get(2).bytes());
  }

  @Test
  void of_message_isOneOfThese() {
    String message = PICTURE.replace("'content'", "'role':'user','content'");
    Embedding found = read("'messages':[%s]".formatted(message));
    assertArrayEquals(new byte[] {1, 2, 3}, found.media().get(0).bytes());
    found = read("'messages':[{'role':'user','name':'Ada','content':'a heron'}]");
    assertEquals(Modality.TEXT, found.media().get(0).modality());
  }

  @Test
  void requests_releaseAsModel_textsAreTheBasesAllTheSame() {
    Request request =
        read("'input':'one'")
            .requests(
                new ApiKeys.Caller("acme", false), new Catalogue.Target(null, "ab".repeat(32)), 0)
            .get(0);
    assertNull(request.release());
    assertEquals("acme", request.tenant());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "'input':[]|input is 0 inputs, expected 1 to 64",
        "'input':3|input is number, expected a text or an object",
        "'input':['one',{'content':'a heron'}]|input is 1 texts and 1 objects, expected texts or",
        "'input':[{}]|input.content is missing, expected a text or one part",
        "'input':{'content':7}|input.content is 7, expected a text or one part",
        "'input':[{'type':'text'}]|input.type is \"text\", expected no such field: not supported",
        "'input':{'content':'a','weight':2}|input.weight is 2, expected no such field: not supported",
        "'messages':[{'role':'user','content':'a','names':'b'}]|messages.names is \"b\", expected no",
        "'input':{'content':[{'type':'text','text':'a','spans':{'b':1}}]}|input.content.spans is {\"b\":1}, expected no",
        "'input':{'content':[]}|input.content is 0 parts, expected a text or one part",
        "'input':{'content':[{'type':'file'}]}|input.content.type is \"file\", expected text",
        "'input':{'content':[{'type':'image_url','image_url':{'url':'http://a'}}]}|is fetched",
        "'input':{'content':[{'type':'input_audio','input_audio':{'data':'?'}}]}|base 64",
        "'input':'one','messages':[{'content':'a'}]|messages is given beside input",
        "'messages':[{'content':'a'},{'content':'b'}]|messages is 2 messages, expected one",
        "'input':'one','encoding_format':'hex'|encoding_format is \"hex\"",
        "'input':'one','dimensions':3|dimensions is 3",
      })
  void of_anythingElse_saysWhatWasExpected(String fields, String expected) {
    ApiProblem problem = assertThrows(ApiProblem.class, () -> read(fields));
    assertEquals(400, problem.status());
    String message = String.valueOf(problem.getMessage());
    assertTrue(message.contains(expected), message);
  }

  private static Embedding read(String fields) {
    return Embedding.of(Fields.of("{'model':'base',%s}".formatted(fields).replace('\'', '"')));
  }
}
