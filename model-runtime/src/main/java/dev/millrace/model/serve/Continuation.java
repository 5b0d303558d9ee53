package dev.millrace.model.serve;

import dev.millrace.model.base.Decoding.Token;
import dev.millrace.model.cache.CachedAnswer;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.TokenLogProb;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a prompt was continued with so far, up to its end or the first stop text in it. */
final class Continuation {

  private static final float[] NO_EMBEDDING = {};

  /** What a decoder puts in place of a character that lacks bytes. */
  private static final char UNFINISHED = '\uFFFD';

  private final Tokenizer tokenizer;
  private final List<Integer> eos;
  private final List<String> stop;
  private final int[] tokens;

  /** Log p of each token; none if nobody wants them. */
  private final float[] logProbs;

  private int length;
  private boolean ended;
  private double logProb;
  private int end = -1;

  /** Characters that were told, in so many chunks. */
  private int told;

  private int chunks;

  /** Tokens that were listed beside these. */
  private int listed;

  /**
   * @param eos tokens that end a text, each by itself
   * @param listing whether the tokens are wanted with their log-probabilities
   */
  Continuation(
      Tokenizer tokenizer, List<Integer> eos, List<String> stop, int maxTokens, boolean listing) {
    this.tokenizer = tokenizer;
    this.eos = eos;
    this.stop = stop;
    this.tokens = new int[maxTokens];
    this.logProbs = new float[listing ? maxTokens : 0];
  }

  /** Adds a token; false if it ends the text, or a stop text is complete with it. */
  boolean add(Token token) {
    if (logProbs.length > 0) {
      logProbs[length] = token.logProb();
    }
    tokens[length++] = token.token();
    logProb += token.logProb();
    ended = eos.contains(token.token());
    if (!ended && !stop.isEmpty()) {
      String text = text();
      end = stop.stream().mapToInt(text::indexOf).filter(at -> at >= 0).min().orElse(-1);
    }
    return !ended && end < 0;
  }

  /** The text before its end or the stop text; the tokens that say so count. */
  CachedAnswer answer() {
    String text = text();
    String before = end < 0 ? text : text.substring(0, end);
    return new CachedAnswer(
        before, logProb, length, NO_EMBEDDING, ended || end >= 0, 0, logProbs(0));
  }

  /** The tokens that were not listed yet; none if nobody wants them. */
  List<TokenLogProb> list() {
    List<TokenLogProb> more = logProbs(listed);
    listed = length;
    return more;
  }

  private List<TokenLogProb> logProbs(int from) {
    List<TokenLogProb> all = new ArrayList<>();
    for (int i = from; i < Math.min(length, logProbs.length); i++) {
      all.add(new TokenLogProb(tokenizer.bytes(tokens[i]), logProbs[i]));
    }
    return all;
  }

  /** Of the chunk that {@link #tell} gave last. */
  int index() {
    return chunks - 1;
  }

  /**
   * The text that was not told yet and stands whatever comes: no beginning of a character or of a
   * stop text. May be empty.
   */
  String tell() {
    String text = text();
    int whole = text.length();
    while (whole > told && text.charAt(whole - 1) == UNFINISHED) {
      whole--;
    }
    int stands = Math.min(told, whole);
    while (stands < whole && !mayBecomeStop(text.substring(stands, whole))) {
      stands++;
    }
    String tellable = text.substring(Math.min(told, stands), stands);
    if (!tellable.isEmpty()) {
      told = stands;
      chunks++;
    }
    return tellable;
  }

  private boolean mayBecomeStop(String end) {
    return stop.stream().anyMatch(text -> text.startsWith(end));
  }

  private String text() {
    return tokenizer.decodeBehind(Arrays.copyOf(tokens, ended ? length - 1 : length));
  }
}
