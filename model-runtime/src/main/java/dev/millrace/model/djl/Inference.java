package dev.millrace.model.djl;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.base.Reading;
import dev.millrace.model.base.RoutedScores;
import dev.millrace.model.base.Routes;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.config.LayerConfig;
import dev.millrace.model.config.MoeConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/** Calls of a program that say what a model makes of sequences, as {@link DjlModel} has them. */
record Inference(Program program, MoeConfig config) {

  /** Tokens that one call takes at most; bounds its activations (tokens, vocab) in memory. */
  private static final int CALL_TOKENS = 640;

  List<TokenScores> score(List<Sequence> sequences) {
    return inCalls(sequences, Inference::length, call -> scoreCall(call, Inference::scoresOf));
  }

  List<RoutedScores> scoreRouted(List<Sequence> sequences) {
    return inCalls(sequences, Inference::length, call -> scoreCall(call, Inference::routedOf));
  }

  private static int length(Sequence sequence) {
    return sequence.prefix().length() + sequence.tokens().length;
  }

  /** What a call has said of its sequences. */
  private record Said(PtNDArray[] out, long[] lens, int[] skipped) {}

  /** What calls of a bounded number of tokens give, put together. */
  private static <S, R> List<R> inCalls(
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

  private <R> List<R> scoreCall(List<Sequence> sequences, Function<Said, List<R>> read) {
    List<Prefix> prefixes = sequences.stream().map(Sequence::prefix).toList();
    Texts texts = texts(Texts.behind(prefixes, tokens(sequences)));
    int[] skipped = prefixes.stream().mapToInt(p -> Math.max(0, p.length() - 1)).toArray();
    try (PtNDManager scope = program.scope();
        CallAdapters adapters = adapters(sequences)) {
      PtNDArray[] out =
          program.infer(
              scope,
              "score",
              IValue.from((PtNDArray) scope.create(texts.starts())),
              IValue.from(Program.array(scope, Texts.given(prefixes, config.hiddenSize()))),
              IValue.from((PtNDArray) scope.create(texts.targets())),
              IValue.listFrom(texts.lens()),
              adapters.tensors(scope),
              adapters.which(),
              adapters.scales(),
              adapters.limits(scope, config));
      return read.apply(new Said(out, texts.lens(), skipped));
    }
  }

  private static List<TokenScores> scoresOf(Said said) {
    return scores(split(said.out[0].toFloatArray(), said.lens, said.skipped));
  }

  private static List<RoutedScores> routedOf(Said said) {
    List<TokenScores> scores = scoresOf(said);
    List<Routes> routes = split(Trace.experts(said.out, 1), said.lens);
    return IntStream.range(0, scores.size())
        .mapToObj(i -> new RoutedScores(scores.get(i), routes.get(i)))
        .toList();
  }

  List<Likeliest> likeliest(List<Sequence> sequences, int count, double temperature) {
    if (count < 1 || count > config.vocabSize() || !(temperature > 0)) {
      throw new IllegalArgumentException(
          "%d likeliest tokens at temperature %s, expected 1 to %d and more than 0"
              .formatted(count, temperature, config.vocabSize()));
    }
    return inCalls(
        sequences, s -> s.tokens().length, call -> likeliestCall(call, count, temperature));
  }

  private List<Likeliest> likeliestCall(List<Sequence> sequences, int count, double temperature) {
    Texts texts = texts(tokens(sequences));
    try (PtNDManager scope = program.scope();
        CallAdapters adapters = adapters(sequences)) {
      PtNDArray[] out =
          program.infer(
              scope,
              "likeliest",
              IValue.from((PtNDArray) scope.create(texts.starts())),
              IValue.listFrom(texts.lens()),
              adapters.tensors(scope),
              adapters.which(),
              adapters.scales(),
              adapters.limits(scope, config),
              IValue.from(count),
              IValue.from((PtNDArray) scope.create(new float[] {(float) temperature})));
      float[] logProbs = out[0].toFloatArray();
      int[] tokens = Trace.ints(out[1].toLongArray());
      List<Likeliest> likeliest = new ArrayList<>();
      int at = 0;
      for (long len : texts.lens()) {
        int end = at + Math.toIntExact(len * count);
        likeliest.add(
            new Likeliest(
                count, Arrays.copyOfRange(tokens, at, end), Arrays.copyOfRange(logProbs, at, end)));
        at = end;
      }
      return likeliest;
    }
  }

  List<Routes> routes(List<Sequence> sequences) {
    return inCalls(sequences, s -> s.tokens().length, this::routesCall);
  }

  private List<Routes> routesCall(List<Sequence> sequences) {
    if (config.layers().stream().noneMatch(LayerConfig::sparse)) {
      return Collections.nCopies(sequences.size(), new Routes(List.of()));
    }
    Texts texts = texts(tokens(sequences));
    try (PtNDManager scope = program.scope();
        CallAdapters adapters = adapters(sequences)) {
      PtNDArray[] chosen =
          program.infer(
              scope,
              "used_experts",
              IValue.from((PtNDArray) scope.create(texts.starts())),
              IValue.listFrom(texts.lens()),
              adapters.tensors(scope),
              adapters.which(),
              adapters.scales(),
              adapters.limits(scope, config));
      return split(Trace.experts(chosen, 0), texts.lens());
    }
  }

  private static List<Routes> split(List<int[][]> layers, long[] lens) {
    List<Routes> routes = new ArrayList<>();
    int at = 0;
    for (long len : lens) {
      int from = at;
      int to = at + (int) len;
      routes.add(new Routes(layers.stream().map(l -> Arrays.copyOfRange(l, from, to)).toList()));
      at = to;
    }
    return routes;
  }

  List<Reading> read(List<int[]> sequences) {
    return inCalls(sequences, tokens -> tokens.length, this::readCall);
  }

  private List<Reading> readCall(List<int[]> rows) {
    Texts texts = texts(rows);
    try (PtNDManager scope = program.scope()) {
      PtNDArray[] out =
          program.infer(
              scope,
              "read",
              IValue.from((PtNDArray) scope.create(texts.starts())),
              IValue.from((PtNDArray) scope.create(texts.targets())),
              IValue.listFrom(texts.lens()));
      int[] none = new int[rows.size()];
      List<TokenScores> scores = scores(split(out[0].toFloatArray(), texts.lens(), none));
      List<float[]> entropies = split(out[1].toFloatArray(), texts.lens(), none);
      List<float[]> embeddings = rows(out[2].toFloatArray(), rows.size());
      List<Reading> readings = new ArrayList<>();
      for (int r = 0; r < rows.size(); r++) {
        readings.add(new Reading(scores.get(r), entropies.get(r), embeddings.get(r)));
      }
      return readings;
    }
  }

  /** (count, hidden_size), row by row. */
  private List<float[]> rows(float[] flat, int count) {
    List<float[]> rows = new ArrayList<>();
    for (int r = 0; r < count; r++) {
      rows.add(Arrays.copyOfRange(flat, r * config.hiddenSize(), (r + 1) * config.hiddenSize()));
    }
    return rows;
  }

  private static List<TokenScores> scores(List<float[]> logProbs) {
    return logProbs.stream().map(TokenScores::new).toList();
  }

  /**
   * (predictions) of each sequence.
   *
   * @param skipped predictions of each sequence that come first and are not of its tokens
   */
  private static List<float[]> split(float[] all, long[] lens, int[] skipped) {
    List<float[]> split = new ArrayList<>();
    int at = 0;
    for (int s = 0; s < lens.length; s++) {
      int end = at + (int) lens[s];
      split.add(Arrays.copyOfRange(all, at + skipped[s], end));
      at = end;
    }
    return split;
  }

  List<float[]> embed(List<int[]> sequences) {
    return inCalls(sequences, tokens -> tokens.length, this::embedCall);
  }

  private List<float[]> embedCall(List<int[]> rows) {
    rows.forEach(r -> Texts.requireLength(config, r, 1, 0));
    try (PtNDManager scope = program.scope()) {
      PtNDArray[] out =
          program.infer(
              scope,
              "embed",
              IValue.from((PtNDArray) scope.create(Texts.flat(rows))),
              IValue.listFrom(rows.stream().mapToLong(r -> r.length).toArray()));
      return rows(out[0].toFloatArray(), rows.size());
    }
  }

  private static List<int[]> tokens(List<Sequence> sequences) {
    return sequences.stream().map(Sequence::tokens).toList();
  }

  private static CallAdapters adapters(List<Sequence> sequences) {
    return new CallAdapters(sequences.stream().map(Sequence::adapter).toList());
  }

  private Texts texts(List<int[]> rows) {
    rows.forEach(r -> Texts.requireLength(config, r, 2, 0));
    return Texts.of(rows);
  }
}
