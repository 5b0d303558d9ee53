package dev.millrace.model.djl;

import dev.millrace.model.base.Reading;
import dev.millrace.model.base.RoutedScores;
import dev.millrace.model.base.Routes;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/** What a model makes of whole sequences, as {@link DjlModel} has it. */
interface Inference {

  /** Tokens that one call takes at most; bounds its activations in memory. */
  int CALL_TOKENS = 640;

  List<TokenScores> score(List<Sequence> sequences);

  List<RoutedScores> scoreRouted(List<Sequence> sequences);

  List<Routes> routes(List<Sequence> sequences);

  List<Reading> read(List<int[]> sequences);

  /** Tokens of a sequence and of its prefix. */
  static int length(Sequence sequence) {
    return sequence.prefix().length() + sequence.tokens().length;
  }

  /** What calls of a bounded number of tokens give, put together. */
  static <S, R> List<R> inCalls(
      List<S> sequences, ToIntFunction<S> length, Function<List<S>, List<R>> call) {
    List<R> all = new ArrayList<>();
    for (int from = 0; from < sequences.size(); ) {
      int to = from;
      int tokens = 0;
      do {
        tokens += length.applyAsInt(sequences.get(to++));
      } while (to < sequences.size()
          && tokens + length.applyAsInt(sequences.get(to)) <= CALL_TOKENS);
      all.addAll(call.apply(sequences.subList(from, to)));
      from = to;
    }
    return all;
  }
}
