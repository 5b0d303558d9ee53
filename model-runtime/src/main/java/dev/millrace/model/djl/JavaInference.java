package dev.millrace.model.djl;

import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.base.Reading;
import dev.millrace.model.base.RoutedScores;
import dev.millrace.model.base.Routes;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.simd.SimdBase;
import dev.millrace.model.simd.SimdStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * In Java, without a program: a text has bit for bit the log p with which {@link JavaStep} answers.
 *
 * @param none the adapter that changes nothing
 */
record JavaInference(SimdBase base, LoadedAdapter none) implements Inference {

  /** What is asked of texts beside their hidden states and experts. */
  private enum Asked {
    NOTHING,
    LOG_PROBS,
    ENTROPIES
  }

  /**
   * A text in a call.
   *
   * @param from its first row
   * @param to its last row, and one
   */
  private record Text(SimdStep.Read read, int from, int to, Prefix prefix) {

    TokenScores scores() {
      int skipped = Math.max(0, prefix.length() - 1);
      return new TokenScores(Arrays.copyOfRange(read.logProbs(), from + skipped, to));
    }

    Routes routes() {
      return new Routes(
          read.experts().stream().map(layer -> Arrays.copyOfRange(layer, from, to)).toList());
    }

    RoutedScores routedScores() {
      return new RoutedScores(scores(), routes());
    }

    Reading reading() {
      return new Reading(scores(), Arrays.copyOfRange(read.entropies(), from, to), embedding());
    }

    float[] embedding() {
      int d = read.hidden().length / read.rows();
      double[] sum = new double[d];
      for (int at = from * d; at < to * d; at++) {
        sum[at % d] += read.hidden()[at];
      }
      double norm = Math.sqrt(Arrays.stream(sum).map(s -> s * s).sum());
      float[] embedding = new float[d];
      for (int i = 0; i < d; i++) {
        embedding[i] = (float) (sum[i] / Math.max(norm, 1e-12));
      }
      return embedding;
    }
  }

  @Override
  public List<TokenScores> score(List<Sequence> sequences) {
    return texts(sequences, Asked.LOG_PROBS, Text::scores);
  }

  @Override
  public List<RoutedScores> scoreRouted(List<Sequence> sequences) {
    return texts(sequences, Asked.LOG_PROBS, Text::routedScores);
  }

  @Override
  public List<Routes> routes(List<Sequence> sequences) {
    return texts(sequences, Asked.NOTHING, Text::routes);
  }

  @Override
  public List<Reading> read(List<int[]> sequences) {
    return texts(
        sequences.stream().map(tokens -> new Sequence(tokens, none)).toList(),
        Asked.ENTROPIES,
        Text::reading);
  }

  private <R> List<R> texts(List<Sequence> sequences, Asked asked, Function<Text, R> say) {
    return Inference.inCalls(sequences, Inference::length, call -> call(call, asked, say));
  }

  private <R> List<R> call(List<Sequence> sequences, Asked asked, Function<Text, R> say) {
    List<Piece> pieces = new ArrayList<>();
    IntStream.Builder targets = IntStream.builder();
    int n = 0;
    for (Sequence sequence : sequences) {
      int[] tokens = Texts.behind(sequence.prefix(), sequence.tokens());
      Texts.requireLength(base.config(), tokens, 2, 0);
      int[] read = Arrays.copyOf(tokens, tokens.length - 1);
      pieces.add(new Piece(n, 0, read, sequence.prefix(), sequence.adapter(), false));
      if (asked != Asked.NOTHING) {
        Arrays.stream(tokens, 1, tokens.length).map(t -> Math.max(0, t)).forEach(targets::add);
      }
      n += read.length;
    }
    SimdStep.Read read = read(pieces, n, targets.build().toArray(), asked == Asked.ENTROPIES);
    return pieces.stream()
        .map(p -> new Text(read, p.slot(), p.slot() + p.tokens().length, p.given()))
        .map(say)
        .toList();
  }

  private SimdStep.Read read(List<Piece> pieces, int n, int[] targets, boolean entropies) {
    CallAdapters inUse = new CallAdapters(pieces.stream().map(Piece::adapter).toList());
    try {
      return new SimdStep(base, n)
          .read(JavaStep.rows(pieces, base.config().hiddenSize()), targets, entropies);
    } finally {
      inUse.close();
    }
  }
}
