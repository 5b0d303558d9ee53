package dev.millrace.model.djl;

import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.base.PrefixGradients;
import dev.millrace.model.config.MoeConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** Calls of a program that give loss and gradients of prefixes. */
record PrefixTraining(Program program, MoeConfig config) {

  PrefixGradients of(List<int[]> tokens, List<Prefix> prefixes) {
    for (int i = 0; i < tokens.size(); i++) {
      if (tokens.get(i).length < 1 || prefixes.get(i).length() < 1) {
        throw new IllegalArgumentException(
            "%d tokens behind a prefix of %d, expected at least 1 and 1"
                .formatted(tokens.get(i).length, prefixes.get(i).length()));
      }
      Texts.requireLength(config, Texts.behind(prefixes.get(i), tokens.get(i)), 2, 0);
    }
    Texts texts = Texts.of(Texts.behind(prefixes, tokens));
    try (PtNDManager scope = program.scope()) {
      NDList out =
          program.train(
              scope,
              "prefix_gradients",
              Program.Argument.of("ids", AlignArrays.longs(scope, texts.starts())),
              Program.Argument.of(
                  "given", Program.array(scope, Texts.given(prefixes, config.hiddenSize()))),
              Program.Argument.of("targets", AlignArrays.longs(scope, texts.targets())),
              Program.Argument.of(
                  "predicted", AlignArrays.longs(scope, predicted(tokens, prefixes))),
              Program.Argument.of("lens", AlignArrays.longs(scope, texts.lens())));
      return new PrefixGradients(
          losses(out.get(0).toFloatArray(), tokens),
          gradients(out.get(1).toFloatArray(), prefixes));
    }
  }

  /** The positions that predict tokens, not rows of a prefix. */
  private static long[] predicted(List<int[]> tokens, List<Prefix> prefixes) {
    LongStream.Builder all = LongStream.builder();
    int at = 0;
    for (int i = 0; i < tokens.size(); i++) {
      int first = at + prefixes.get(i).length() - 1;
      LongStream.range(first, first + tokens.get(i).length).forEach(all);
      at = first + tokens.get(i).length;
    }
    return all.build().toArray();
  }

  private static double[] losses(float[] ofTokens, List<int[]> tokens) {
    double[] losses = new double[tokens.size()];
    int at = 0;
    for (int i = 0; i < losses.length; i++) {
      for (int end = at + tokens.get(i).length; at < end; at++) {
        losses[i] += ofTokens[at];
      }
    }
    return losses;
  }

  private static List<float[]> gradients(float[] all, List<Prefix> prefixes) {
    List<float[]> gradients = new ArrayList<>();
    int at = 0;
    for (Prefix prefix : prefixes) {
      gradients.add(Arrays.copyOfRange(all, at, at + prefix.rows().length));
      at += prefix.rows().length;
    }
    return gradients;
  }
}
