package dev.millrace.model.peft;

import dev.millrace.model.adapter.Site;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Tensor;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The modules of one site's experts, and the one pair that they make together: their A's below each
 * other, their B's in blocks. What is not targeted adds zero.
 */
final class ExpertModules {

  /** Gives a tensor of the file, which must have this shape. */
  interface Source {
    Tensor tensor(String name, int rows, int columns);
  }

  private final Site site;
  private final LoraConfig config;
  private final Set<String> wanted;

  ExpertModules(Site site, LoraConfig config, Set<String> wanted) {
    this.site = site;
    this.config = config;
    this.wanted = wanted;
  }

  Site site() {
    return site;
  }

  /** Rank of a part: its greatest over all experts. */
  private int rank(int part) {
    return experts()
        .mapToObj(e -> ModuleNames.expert(site, e, part))
        .filter(wanted::contains)
        .mapToInt(config::rankAt)
        .max()
        .orElse(0);
  }

  /** The scale of the pair: the greatest of its modules'. */
  double scale() {
    return wanted.stream()
        .mapToDouble(name -> config.scaleAt(name, config.rankAt(name)))
        .reduce(0, (x, y) -> Math.abs(y) > Math.abs(x) ? y : x);
  }

  private IntStream experts() {
    return IntStream.range(0, site.experts());
  }

  private IntStream parts() {
    return IntStream.range(0, site.parts().size());
  }

  /** All shapes are compared first: the arrays are as large as the ranks promise. */
  LoraPair read(Source source) {
    int rows = site.out() / site.parts().size();
    for (String name : ModuleNames.experts(site)) {
      if (wanted.contains(name)) {
        int r = config.rankAt(name);
        source.tensor(name + PeftFolder.A, r, site.in());
        source.tensor(name + PeftFolder.B, rows, r);
      }
    }
    int[] ranks = parts().map(this::rank).toArray();
    int rank = Arrays.stream(ranks).sum();
    float[] a = new float[size(rank, site.in())];
    float[] b = new float[size(rank, site.out())];
    double scale = scale();
    for (int e = 0; e < site.experts(); e++) {
      int before = 0;
      for (int part = 0; part < site.parts().size(); part++) {
        String name = ModuleNames.expert(site, e, part);
        if (wanted.contains(name)) {
          int r = config.rankAt(name);
          float[] down = source.tensor(name + PeftFolder.A, r, site.in()).floats();
          float[] up = source.tensor(name + PeftFolder.B, rows, r).floats();
          System.arraycopy(down, 0, a, (e * rank + before) * site.in(), down.length);
          double own = config.scaleAt(name, r);
          place(
              up,
              own == scale ? 1 : own / scale,
              r,
              b,
              (e * site.out() + part * rows) * rank + before);
        }
        before += ranks[part];
      }
    }
    return new LoraPair(site, a, b);
  }

  private int size(int rank, int width) {
    long size = (long) site.experts() * rank * width;
    if (size > Integer.MAX_VALUE) {
      throw new InvalidWeightsException(
          "%s: %d experts of rank %d have %d values together, expected at most %d"
              .formatted(site.name(), site.experts(), rank, size, Integer.MAX_VALUE));
    }
    return (int) size;
  }

  private void place(float[] block, double factor, int width, float[] b, int at) {
    int rank = b.length / site.experts() / site.out();
    for (int i = 0; i < block.length; i++) {
      b[at + i / width * rank + i % width] = (float) (factor * block[i]);
    }
  }

  /** Whether every part of a pair has ranks of its own. */
  static boolean inBlocks(LoraPair pair) {
    int parts = pair.site().parts().size();
    int rank = pair.rank();
    int rows = pair.site().out() / parts;
    if (rank % parts != 0) {
      return false;
    }
    for (int i = 0; i < pair.b().length; i++) {
      boolean own = i / rank % pair.site().out() / rows == i % rank / (rank / parts);
      if (!own && pair.b()[i] != 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether the parts of a pair in blocks have the same A. */
  static boolean shareDown(LoraPair pair) {
    int parts = pair.site().parts().size();
    int length = pair.rank() / parts * pair.site().in();
    for (int at = 0; at < pair.a().length; at += parts * length) {
      for (int part = 1; part < parts; part++) {
        int from = at + part * length;
        if (!Arrays.equals(pair.a(), at, at + length, pair.a(), from, from + length)) {
          return false;
        }
      }
    }
    return true;
  }

  /** The pair without the repetitions of A. */
  static LoraPair withOneDown(LoraPair pair) {
    Site site = pair.site();
    int parts = site.parts().size();
    int rank = pair.rank() / parts;
    float[] a = new float[pair.a().length / parts];
    float[] b = new float[pair.b().length / parts];
    for (int i = 0; i < a.length; i++) {
      int block = rank * site.in();
      a[i] = pair.a()[i / block * parts * block + i % block];
    }
    for (int i = 0; i < b.length; i++) {
      int row = i / rank;
      int part = row % site.out() / (site.out() / parts);
      b[i] = pair.b()[row * pair.rank() + part * rank + i % rank];
    }
    return new LoraPair(site, a, b);
  }
}
