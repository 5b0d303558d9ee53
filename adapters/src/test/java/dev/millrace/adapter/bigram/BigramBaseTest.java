package dev.millrace.adapter.bigram;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Gradients;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import java.util.List;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;

class BigramBaseTest {
  private final BigramBase base = new BigramBase(Bigrams.known());
  private final List<WeightedSequence> rows =
      List.of(
          new WeightedSequence(Bigrams.foreign().texts(1, 3).get(0), 1),
          new WeightedSequence(Bigrams.known().texts(1, 4).get(0), 0.5f));

  @Test
  void gradients_everyEntry_agreeWithCentralDifferences() {
    LoraWeights adapter = adapter();
    Gradients gradients = base.gradients(adapter, rows, Computation.plain());
    for (int site = 0; site < 2; site++) {
      LoraPair pair = adapter.pairs().get(site);
      assertArrayEquals(
          differences(pair.a(), () -> base.gradients(adapter, rows, Computation.plain()).loss()),
          gradients.factors().get(2 * site),
          2e-2f);
      assertArrayEquals(
          differences(pair.b(), () -> base.gradients(adapter, rows, Computation.plain()).loss()),
          gradients.factors().get(2 * site + 1),
          2e-2f);
    }
  }

  @Test
  void anchorGradients_everyEntry_agreeWithCentralDifferences() {
    LoraWeights adapter = adapter();
    Gradients gradients = base.anchorGradients(adapter, rows, Computation.plain());
    for (int site = 0; site < 2; site++) {
      LoraPair pair = adapter.pairs().get(site);
      assertArrayEquals(
          differences(
              pair.a(), () -> base.anchorGradients(adapter, rows, Computation.plain()).loss()),
          gradients.factors().get(2 * site),
          2e-2f);
      assertArrayEquals(
          differences(
              pair.b(), () -> base.anchorGradients(adapter, rows, Computation.plain()).loss()),
          gradients.factors().get(2 * site + 1),
          2e-2f);
    }
  }

  @Test
  void score_asTrained_isMinusTheLoss() {
    LoraWeights adapter = adapter();
    List<int[]> tokens = List.of(rows.get(0).tokens());
    double loss = base.gradients(adapter, rows.subList(0, 1), Computation.plain()).loss();
    assertEquals(-loss, base.scoreAsTrained(adapter, tokens).get(0).logProb(), 1e-3);
  }

  private static float[] differences(float[] values, DoubleSupplier loss) {
    float[] gradient = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      float kept = values[i];
      values[i] = kept + 1e-3f;
      double up = loss.getAsDouble();
      values[i] = kept - 1e-3f;
      double down = loss.getAsDouble();
      values[i] = kept;
      gradient[i] = (float) ((up - down) / 2e-3);
    }
    return gradient;
  }

  private LoraWeights adapter() {
    LoraConfig config = new LoraConfig(2, 4, false, List.of("mix", "out"));
    LoraWeights weights = LoraWeights.initial(config, base.sites(), 5);
    for (LoraPair pair : weights.pairs()) {
      for (int i = 0; i < pair.b().length; i++) {
        pair.b()[i] = 0.1f * ((i * 7) % 5 - 2);
      }
    }
    return weights;
  }
}
