package dev.millrace.adapter.align;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.align.AlignAdapter;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ContrastTest {

  private static final int RANK = 3;

  @Test
  void gradient_ofEveryKindOfValue_isTheCentralDifference() {
    AlignAdapter adapter = AlignAdapter.fresh(RANK, new Random(3));
    Random random = new Random(4);
    for (int i = 0; i < adapter.values().length; i++) {
      adapter.values()[i] += (float) (0.2 * random.nextGaussian());
    }
    List<PairPlaces> pairs = Pairs.many(0, 9);
    pairs.set(
        4, new PairPlaces("same", Pairs.origin(4), pairs.get(2).group(), pairs.get(4).places()));
    double[] gradient = new double[adapter.values().length];
    double loss = new Contrast(adapter, pairs).gradient(gradient);
    assertEquals(mean(adapter, pairs), loss, 1e-12);
    double step = 1.0 / 64;
    double greatest = Arrays.stream(gradient).map(Math::abs).max().orElseThrow();
    for (int i : random.ints(400, 0, gradient.length).toArray()) {
      double numeric =
          (moved(adapter, pairs, i, step) - moved(adapter, pairs, i, -step)) / 2 / step;
      assertEquals(numeric, gradient[i], 2e-3 * greatest, "value " + i);
    }
  }

  @Test
  void losses_pairsOfOneGroup_areNotToldApart() {
    List<PairPlaces> one = Pairs.many(0, 1);
    PairPlaces twin =
        new PairPlaces("twin", Pairs.origin(1), one.get(0).group(), one.get(0).places());
    double[] losses = new Contrast(AlignAdapter.NONE, List.of(one.get(0), twin)).losses();
    assertTrue(
        Arrays.stream(losses).allMatch(loss -> Math.abs(loss) < 1e-9), Arrays.toString(losses));
  }

  @Test
  void losses_freshAdapter_areThoseOfTheEncoders() {
    List<PairPlaces> pairs = Pairs.many(0, 20);
    double[] plain = new Contrast(AlignAdapter.NONE, pairs).losses();
    double[] fresh = new Contrast(AlignAdapter.fresh(8, new Random(1)), pairs).losses();
    IntStream.range(0, plain.length).forEach(i -> assertEquals(plain[i], fresh[i], 1e-4));
  }

  private static double moved(AlignAdapter adapter, List<PairPlaces> pairs, int i, double by) {
    float[] values = adapter.values().clone();
    values[i] += (float) by;
    return mean(new AlignAdapter(adapter.rank(), values), pairs);
  }

  private static double mean(AlignAdapter adapter, List<PairPlaces> pairs) {
    return PairGate.mean(new Contrast(adapter, pairs).losses());
  }
}
