package dev.millrace.model.peft;

import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * What PEFT's ParamWrapper keeps of a stacked parameter (experts, out, in): lora_A (experts · rank,
 * in), expert by expert, and lora_B (out, rank · experts), the experts side by side within each
 * rank.
 */
final class ExpertParameters {

  private ExpertParameters() {}

  /**
   * The module that holds the pair: wrappers of two parameters of one module stand one in the
   * other, the first parameter's within.
   *
   * @param wrapped all parameters that are adapted, in the order of the base's sites
   */
  static String name(Site site, List<Site> wrapped) {
    String module = module(site);
    long outside =
        wrapped.stream()
            .dropWhile(other -> !other.name().equals(site.name()))
            .skip(1)
            .filter(other -> module(other).equals(module))
            .count();
    return module + ".base_layer".repeat((int) outside);
  }

  private static String module(Site site) {
    return site.name().substring(0, site.name().lastIndexOf('.'));
  }

  static LoraPair read(Site site, int rank, Tensor a, Tensor b, String version) {
    int rows = Math.multiplyExact(site.experts(), rank);
    boolean turned = site.in() != site.out() && Arrays.equals(a.shape(), of(rows, site.out()));
    if (site.in() == site.out() && !knowsWay(version)) {
      throw new InvalidAdapterException(
          "%s: peft_version is %s, which may have taken rows of %s for columns; expected 0.19.1 or newer"
              .formatted(PeftConfig.FILE, version.isEmpty() ? "absent" : version, site.name()));
    }
    return turned
        ? turned(site, rank, a.floats(), b.require(site.in(), rows).floats())
        : new LoraPair(
            site,
            a.require(rows, site.in()).floats(),
            stacked(site, rank, b.require(site.out(), rows).floats()));
  }

  private static long[] of(long... shape) {
    return shape;
  }

  /** PEFT before 0.19.1 took the middle dimension of any stacked parameter for its input. */
  private static boolean knowsWay(String version) {
    String[] parts = version.split("\\.", -1);
    try {
      int minor = parts.length > 1 ? Integer.parseInt(parts[1]) : 0;
      boolean fixed =
          parts.length > 2 && !parts[2].equals("0") && !version.startsWith("0.19.1.dev");
      return !version.isEmpty()
          && (Integer.parseInt(parts[0]) > 0 || minor > 19 || (minor == 19 && fixed));
    } catch (NumberFormatException e) {
      throw new InvalidWeightsException("peft_version is " + version + ", expected a version");
    }
  }

  /** From (out, rank, experts) to (experts, out, rank). */
  private static float[] stacked(Site site, int rank, float[] b) {
    int n = site.experts();
    float[] stacked = new float[b.length];
    for (int o = 0; o < site.out(); o++) {
      for (int j = 0; j < rank; j++) {
        for (int e = 0; e < n; e++) {
          stacked[(e * site.out() + o) * rank + j] = b[(o * rank + j) * n + e];
        }
      }
    }
    return stacked;
  }

  /** From (experts, out, rank) to (out, rank, experts). */
  static float[] interleaved(LoraPair pair) {
    int n = pair.site().experts();
    int out = pair.site().out();
    int rank = pair.rank();
    float[] b = new float[pair.b().length];
    for (int e = 0; e < n; e++) {
      for (int o = 0; o < out; o++) {
        for (int j = 0; j < rank; j++) {
          b[(o * rank + j) * n + e] = pair.b()[(e * out + o) * rank + j];
        }
      }
    }
    return b;
  }

  /**
   * From lora_A (experts, rank, out) and lora_B (in, rank, experts): the factors' roles are turned.
   */
  private static LoraPair turned(Site site, int rank, float[] a, float[] b) {
    int n = site.experts();
    float[] down = new float[n * rank * site.in()];
    float[] up = new float[n * site.out() * rank];
    for (int e = 0; e < n; e++) {
      for (int j = 0; j < rank; j++) {
        for (int i = 0; i < site.in(); i++) {
          down[(e * rank + j) * site.in() + i] = b[(i * rank + j) * n + e];
        }
        for (int o = 0; o < site.out(); o++) {
          up[(e * site.out() + o) * rank + j] = a[(e * rank + j) * site.out() + o];
        }
      }
    }
    return new LoraPair(site, down, up);
  }
}
