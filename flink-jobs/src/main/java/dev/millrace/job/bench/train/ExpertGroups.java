package dev.millrace.job.bench.train;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Routes;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.text.Tokenizer;
import java.util.Arrays;
import java.util.List;

/**
 * Experts in groups that lie apart: how many copies of tokens cross groups, and what it costs a
 * model to keep each token within few of them.
 */
final class ExpertGroups {

  private static final List<Integer> GROUPS = List.of(2, 4);

  private ExpertGroups() {}

  /**
   * Copies that leave the group where a token's sequence lies, over all tokens and sparse layers.
   *
   * @param each one for each expert
   * @param once one for each group, where it is copied on
   */
  record Copies(long each, long once, long routed) {

    /**
     * Counts them.
     *
     * @param home the group where the sequence lies
     * @param size experts of a group
     */
    static Copies of(Routes routes, int home, int size) {
      long each = 0;
      long once = 0;
      for (int[][] layer : routes.layers()) {
        for (int[] experts : layer) {
          int[] away =
              Arrays.stream(experts)
                  .filter(e -> e >= 0)
                  .map(e -> e / size)
                  .filter(g -> g != home)
                  .toArray();
          each += away.length;
          once += Arrays.stream(away).distinct().count();
        }
      }
      return new Copies(each, once, routes.routed());
    }

    Copies plus(Copies other) {
      return new Copies(each + other.each, once + other.once, routed + other.routed);
    }
  }

  static Table table(Setting setting) throws Exception {
    Table table =
        Table.of(
            "nano's experts in groups of consecutive ones, on its protected texts",
            "groups | a token may use | copies that cross, a token and layer | the same, one a group | loss | higher than unlimited %");
    try (Tokenizer tokenizer = setting.tokenizer()) {
      List<int[]> texts =
          BaseTexts.protectedSets(setting.nano(), tokenizer).stream()
              .flatMap(set -> set.sequences().stream())
              .toList();
      for (int groups : GROUPS) {
        double unlimited = 0;
        for (int limit = groups; limit >= 1; limit /= 2) {
          setting.tell("experts of %d of %d groups", limit, groups);
          try (BaseModel base = DjlModels.openLimited(setting.nano(), groups, limit)) {
            double loss = loss(base, texts);
            unlimited = limit == groups ? loss : unlimited;
            Copies copies = copies(base, rows(base, texts), groups);
            table.row(
                groups,
                limit,
                (double) copies.each / copies.routed,
                (double) copies.once / copies.routed,
                loss,
                100 * (loss / unlimited - 1));
          }
        }
      }
    }
    return table.note(
        "A sequence lies in the group of its number modulo the groups. The limit is imposed on a base that was not trained under it, and experts are grouped by their number, not by what goes together.");
  }

  private static List<Sequence> rows(BaseModel base, List<int[]> texts) {
    return texts.stream().map(text -> new Sequence(text, base.noAdapter())).toList();
  }

  private static double loss(BaseModel base, List<int[]> texts) {
    long tokens = texts.stream().mapToLong(text -> text.length - 1).sum();
    return -base.score(rows(base, texts)).stream().mapToDouble(s -> s.logProb()).sum() / tokens;
  }

  private static Copies copies(BaseModel base, List<Sequence> rows, int groups) {
    int size = base.config().router().numExperts() / groups;
    List<Routes> routes = base.routes(rows);
    Copies all = new Copies(0, 0, 0);
    for (int i = 0; i < routes.size(); i++) {
      all = all.plus(Copies.of(routes.get(i), i % groups, size));
    }
    return all;
  }
}
