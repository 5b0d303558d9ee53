package dev.millrace.schema.wire;

import dev.millrace.schema.TokenLogProb;
import java.nio.ByteBuffer;
import java.util.List;

/** Tokens with their log-probabilities. */
final class TokenLogProbs {

  private TokenLogProbs() {}

  static List<dev.millrace.schema.avro.TokenLogProb> toAvro(List<TokenLogProb> tokens) {
    return tokens.stream()
        .map(
            token ->
                new dev.millrace.schema.avro.TokenLogProb(
                    ByteBuffer.wrap(token.bytes()), token.logProb()))
        .toList();
  }

  static List<TokenLogProb> fromAvro(List<dev.millrace.schema.avro.TokenLogProb> tokens) {
    return tokens.stream()
        .map(token -> new TokenLogProb(Mapping.bytes(token.getBytes()), token.getLogProb()))
        .toList();
  }
}
