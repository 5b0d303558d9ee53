package dev.millrace.job.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.schema.TokenLogProb;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.util.List;

/** What OpenAI's API says under {@code logprobs}, of the tokens that were chosen alone. */
final class LogProbs {

  private LogProbs() {}

  /**
   * As chats have them; null without tokens.
   *
   * @param from the first of them to tell
   */
  static JsonNode chat(List<TokenLogProb> tokens, int from) {
    if (tokens.size() == from) {
      return NullNode.instance;
    }
    ObjectNode logProbs = Fields.JSON.createObjectNode();
    ArrayNode content = logProbs.putArray("content");
    for (TokenLogProb token : tokens.subList(from, tokens.size())) {
      ObjectNode one =
          content.addObject().put("token", text(token)).put("logprob", token.logProb());
      ArrayNode bytes = one.putArray("bytes");
      for (byte value : token.bytes()) {
        bytes.add(value & 0xff);
      }
      one.putArray("top_logprobs");
    }
    logProbs.putNull("refusal");
    return logProbs;
  }

  /**
   * As text completions have them, with each token's place; null without tokens.
   *
   * @param from the first of them to tell
   */
  static JsonNode completion(List<TokenLogProb> tokens, int from) {
    if (tokens.size() == from) {
      return NullNode.instance;
    }
    ObjectNode logProbs = Fields.JSON.createObjectNode();
    ArrayNode texts = logProbs.putArray("tokens");
    ArrayNode values = logProbs.putArray("token_logprobs");
    logProbs.putNull("top_logprobs");
    ArrayNode offsets = logProbs.putArray("text_offset");
    int[] places = places(tokens);
    for (int i = from; i < places.length; i++) {
      texts.add(text(tokens.get(i)));
      values.add(tokens.get(i).logProb());
      offsets.add(places[i]);
    }
    return logProbs;
  }

  private static String text(TokenLogProb token) {
    return new String(token.bytes(), UTF_8);
  }

  /** How many characters of Unicode are complete before each token. */
  private static int[] places(List<TokenLogProb> tokens) {
    int length = tokens.stream().mapToInt(token -> token.bytes().length).sum();
    ByteBuffer in = ByteBuffer.allocate(length);
    CharBuffer out = CharBuffer.allocate(length);
    CharsetDecoder utf8 =
        UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    int[] places = new int[tokens.size()];
    for (int i = 0; i < places.length; i++) {
      places[i] = Character.codePointCount(out.array(), 0, out.position());
      in.put(tokens.get(i).bytes()).flip();
      utf8.decode(in, out, false);
      in.compact();
    }
    return places;
  }
}
