package dev.millrace.job.gateway;

import dev.millrace.schema.Chunk;
import dev.millrace.schema.TokenLogProb;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a client has been told of one answer. Chunks come at least once, and after a failure those
 * of a second computation follow those of the first: each is told once, in order, and only those of
 * the release that began.
 */
final class Told {

  private final StringBuilder text = new StringBuilder();
  private final List<TokenLogProb> logProbs = new ArrayList<>();
  private @Nullable Chunk last;
  private boolean whole;

  /** What to tell of a chunk; empty if nothing. */
  String take(Chunk chunk) {
    Chunk before = last;
    int next = before == null ? 0 : before.index() + 1;
    boolean same = before == null || Objects.equals(before.release(), chunk.release());
    if (whole || chunk.index() != next || !same) {
      return "";
    }
    last = chunk;
    text.append(chunk.text());
    logProbs.addAll(chunk.logProbs());
    return chunk.text();
  }

  boolean isNothing() {
    return last == null;
  }

  /** The tokens that were told, of those who asked for them. */
  List<TokenLogProb> logProbs() {
    return logProbs;
  }

  /**
   * What is left to tell of the answer, after which there is nothing; null if it does not begin
   * with what was told, tokens among it.
   */
  @Nullable String rest(String answer, List<TokenLogProb> tokens) {
    whole = true;
    boolean begins =
        answer.startsWith(text.toString())
            && logProbs.equals(tokens.subList(0, Math.min(logProbs.size(), tokens.size())));
    return begins ? answer.substring(text.length()) : null;
  }
}
