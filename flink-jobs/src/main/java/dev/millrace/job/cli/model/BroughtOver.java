package dev.millrace.job.cli.model;

import dev.millrace.adapter.Rebaser;
import dev.millrace.model.distil.Consolidation;
import dev.millrace.model.release.BaseRelease;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What became of releases that were to be brought over.
 *
 * @param accepted by the releases that they come of
 * @param all accepted or not
 */
record BroughtOver(Map<String, BaseRelease.Rebased> accepted, List<Rebaser.Rebased> all) {

  static final BroughtOver NOTHING = new BroughtOver(Map.of(), List.of());

  /** Names those that are accepted in the folder of their base. */
  void note(Path base) throws IOException {
    if (!accepted.isEmpty()) {
      BaseRelease.noteRebased(base, accepted);
    }
  }

  /** For people, in lines. */
  String text() {
    StringBuilder lines = new StringBuilder();
    for (Rebaser.Rebased of : all) {
      lines.append(
          "%s: bits per byte %.4f before, %.4f by its adapter on the new base (protected: %.4f, %.4f)%s%n"
              .formatted(
                  of.domain().domain(),
                  of.domain().before(),
                  of.domain().after(),
                  of.guarded().before(),
                  of.guarded().after(),
                  of.accepted() ? "" : ": refused, it stays on the old base"));
    }
    return lines.toString();
  }

  /** The same by domain; a release is null where it was refused. */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    for (Rebaser.Rebased of : all) {
      Map<String, Object> figures = new LinkedHashMap<>(figures(of.domain()));
      figures.put("release", of.accepted() ? of.draft().manifest().id() : null);
      figures.put(ConsolidateCommand.PROTECTED, figures(of.guarded()));
      json.put(of.domain().domain(), figures);
    }
    return json;
  }

  static Map<String, Double> figures(Consolidation.Outcome outcome) {
    return Map.of(
        "bitsPerByteBefore", outcome.before(),
        "bitsPerByteAfter", outcome.after());
  }
}
