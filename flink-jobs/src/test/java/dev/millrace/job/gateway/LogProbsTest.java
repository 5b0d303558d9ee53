package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.TokenLogProb;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogProbsTest {

  /** a, the two halves of 🌧 and what follows it. */
  private static final List<TokenLogProb> TOKENS =
      List.of(
          token(-0.5f, 'a'), token(-1, 0xF0, 0x9F), token(-2, 0x8C, 0xA7), token(-0.25f, ' ', 'b'));

  @Test
  void chat_tokens_areAsOpenAiHasThem() {
    assertEquals(
        "{\"content\":[{\"token\":\"�\",\"logprob\":-2.0,\"bytes\":[140,167],\"top_logprobs\":[]},"
            + "{\"token\":\" b\",\"logprob\":-0.25,\"bytes\":[32,98],\"top_logprobs\":[]}],"
            + "\"refusal\":null}",
        LogProbs.chat(TOKENS, 2).toString().replaceAll("�+", "�"));
  }

  @Test
  void completion_tokens_haveTheirPlacesInCharacters() {
    assertEquals(
        "{\"tokens\":[\"a\",\"�\",\"�\",\" b\"],\"token_logprobs\":[-0.5,-1.0,-2.0,-0.25],"
            + "\"top_logprobs\":null,\"text_offset\":[0,1,1,2]}",
        LogProbs.completion(TOKENS, 0).toString().replaceAll("�+", "�"));
    assertEquals(
        "[1,2]", LogProbs.completion(TOKENS, 2).path("text_offset").toString(), "of all before");
  }

  @Test
  void tokens_thatNobodyAskedFor_areNull() {
    assertTrue(LogProbs.chat(List.of(), 0).isNull());
    assertTrue(LogProbs.completion(TOKENS, TOKENS.size()).isNull());
  }

  private static TokenLogProb token(float logProb, int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return new TokenLogProb(bytes, logProb);
  }
}
