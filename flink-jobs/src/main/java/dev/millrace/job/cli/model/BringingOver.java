package dev.millrace.job.cli.model;

import dev.millrace.adapter.Rebaser;
import dev.millrace.job.Openers;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.release.BaseRelease;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;

/**
 * Brings stored releases of a base to another of its shape.
 *
 * @param before folder of the base that they are of
 * @param next folder of the other
 */
record BringingOver(
    Path before, Path next, Rebaser.Recipe recipe, Rebaser.Bounds bounds, PrintWriter err) {

  /**
   * Brings each over, and writes those that are accepted beside the new base.
   *
   * @param old by domain
   * @param texts by domain
   */
  BroughtOver bring(
      Map<String, OldRelease> old,
      Map<String, DomainTexts> texts,
      List<int[]> anchors,
      Exam guarded)
      throws IOException {
    Map<String, BaseRelease.Rebased> accepted = new TreeMap<>();
    List<Rebaser.Rebased> all = new ArrayList<>();
    try (BaseModel then = DjlModels.open(before, Precision.INT8);
        BaseModel now = DjlModels.open(next, Precision.INT8)) {
      Rebaser rebaser = new Rebaser(then, now, recipe, Openers.machine());
      for (Map.Entry<String, OldRelease> of : old.entrySet()) {
        err.println("bringing " + of.getKey() + " to the new base");
        DomainTexts own = Objects.requireNonNull(texts.get(of.getKey()), of.getKey());
        Rebaser.Rebased rebased =
            rebaser.rebase(
                of.getValue().release(), beside(anchors, own.texts()), own.exam(), guarded, bounds);
        all.add(rebased);
        if (rebased.accepted()) {
          rebased.write(next);
          accepted.put(of.getValue().id(), rebased.note());
        }
      }
    }
    return new BroughtOver(accepted, all);
  }

  /** Texts of a domain, and no more anchors than these. */
  private List<int[]> beside(List<int[]> anchors, List<int[]> texts) {
    List<int[]> drawn = new ArrayList<>(anchors);
    Collections.shuffle(drawn, new Random(recipe.seed()));
    List<int[]> all = new ArrayList<>(texts);
    all.addAll(drawn.subList(0, Math.min(drawn.size(), texts.size())));
    return all;
  }
}
