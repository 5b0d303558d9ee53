package dev.millrace.job.cli.releases;

import dev.millrace.adapter.Rebaser;
import dev.millrace.adapter.Retrainer;
import dev.millrace.job.BaseTexts;
import dev.millrace.job.KafkaPastSamples;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.releases.Forgetting;
import dev.millrace.job.releases.Proof;
import dev.millrace.job.releases.Prover;
import dev.millrace.job.releases.Reproduction;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.schema.Origin;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Measures, on the base in this process, whether samples are forgotten.
 *
 * @param models that never saw them, to compare with; 0 measures nothing
 */
record ForgetProof(Path base, MillraceConfig config, int models, PrintWriter err) {

  /**
   * What was measured.
   *
   * @param proof null if nothing was
   * @param hindrance why not; null beside a proof
   */
  record Measured(@Nullable Proof proof, @Nullable String hindrance) {}

  /**
   * What the samples cost before and after.
   *
   * @param after null is the base alone
   */
  Measured of(Forgetting forgetting, String before, @Nullable String after) throws IOException {
    String hindrance = hindrance(forgetting, before, after);
    if (hindrance != null) {
      return new Measured(null, hindrance);
    }
    Proof proof = measure(forgetting, before, after);
    return new Measured(
        proof, proof == null ? "no text of theirs can be read on their topic any more" : null);
  }

  /** Why nothing is measured, before anything is opened; null if it may be. */
  private @Nullable String hindrance(Forgetting forgetting, String before, @Nullable String after)
      throws IOException {
    if (models == 0) {
      return "--models 0";
    }
    String here = Checkpoint.idOf(base);
    for (String release : after == null ? List.of(before) : List.of(before, after)) {
      String of = forgetting.stored().manifest(release).base();
      if (!forgetting.isWhole(release)) {
        return "an ancestor of %s is not in the store".formatted(release);
      }
      if (!of.equals(here)) {
        return "%s is of base %s, expected that of %s, %s".formatted(release, of, base, here);
      }
      if (isBroughtOver(forgetting, release)) {
        return release + " or an ancestor was brought over from another base";
      }
    }
    return null;
  }

  private @Nullable Proof measure(Forgetting forgetting, String before, @Nullable String after)
      throws IOException {
    try (BaseModel model = DjlModels.open(base, Precision.INT8);
        Tokenizer tokenizer = Tokenizers.open(base)) {
      List<LearnedSample> learned = Prover.learned(forgetting, before, after);
      int most = Math.max(config.score().model().trainTokens(), LearnedSample.mostTokens(learned));
      Map<Origin, int[]> read =
          new KafkaPastSamples(config.kafka(), new SampleTokens(tokenizer, most))
              .tokens(LearnedSample.ids(learned));
      Retrainer retrainer =
          new Retrainer(
              model,
              BaseTexts.anchors(base, tokenizer),
              Reproduction::config,
              place -> Objects.requireNonNull(read.get(place)),
              config.score().model().trainTokens());
      return new Prover(forgetting, retrainer, read, models, this::say).prove(before, after);
    }
  }

  /** Whether it or an ancestor was brought over from another base, on which it was trained. */
  private static boolean isBroughtOver(Forgetting forgetting, String release) {
    String id = release;
    while (id != null && !Rebaser.isRebased(forgetting.stored().manifest(id))) {
      id = forgetting.stored().manifest(id).parent();
    }
    return id != null;
  }

  private void say(String what) {
    err.println("for the proof: " + what);
  }
}
