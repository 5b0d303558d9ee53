package dev.millrace.adapter;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Machine;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.Span;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.distil.Consolidation.Outcome;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.schema.RuleResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Brings releases of a base to another of its shape: an adapter there begins with the release's
 * factors, and is taught what the base before says under it.
 */
public record Rebaser(BaseModel before, BaseModel next, Recipe recipe, Machine machine) {

  /** In the manifest's hyperparameters: the release that it was brought from. */
  private static final String REBASED = "rebased";

  private static final Plan PLAN = Plan.defaults();

  /** Sequences in an optimizer step. */
  private static final int ROWS = 16;

  /** Tokens that the base before names at each place. */
  private static final int LIKELIEST = 16;

  /**
   * How it is taught.
   *
   * @param steps of 16 texts
   * @param rate AdamW's, at its peak
   */
  public record Recipe(int steps, double rate, long seed) {}

  /**
   * By what share bits per byte may be higher than before.
   *
   * @param domain of the release's own texts
   * @param guarded of what is protected
   */
  public record Bounds(double domain, double guarded) {}

  /**
   * A release brought here.
   *
   * @param domain bits per byte of its own texts, under it on the base before and now
   * @param guarded the same of what is protected
   */
  public record Rebased(Draft draft, Outcome domain, Outcome guarded) {

    /** Whether no rule is against it. */
    public boolean accepted() {
      return draft.manifest().verdict().stream().allMatch(RuleResult::passed);
    }

    /** Writes it into the folder of the base that it was brought to. */
    public void write(Path base) throws IOException {
      Path folder = Files.createDirectories(BaseRelease.rebased(base, draft.manifest().id()));
      for (Map.Entry<String, byte[]> file : draft.files().entrySet()) {
        Files.write(folder.resolve(file.getKey()), file.getValue());
      }
      Files.write(folder.resolve(Manifest.FILE), draft.manifest().toBytes());
    }

    /** What that folder says of it. */
    public BaseRelease.Rebased note() {
      return new BaseRelease.Rebased(
          domain.domain(), draft.manifest().id(), domain.before(), domain.after());
    }
  }

  /** Whether a release was brought to its base from another. */
  public static boolean isRebased(Manifest manifest) {
    return manifest.plan().hyperparameters().containsKey(REBASED);
  }

  /**
   * Teaches and judges.
   *
   * @param texts that teach, of 2 tokens or more
   * @param own texts of its domain that taught nobody
   * @param guarded protected texts
   */
  public Rebased rebase(Release release, List<int[]> texts, Exam own, Exam guarded, Bounds bounds) {
    String id = release.manifest().id();
    BaseModel then = before.under(release.manifest().routing());
    BaseModel now = next.under(release.manifest().routing());
    AdapterWeights served;
    Outcome domain;
    Outcome kept;
    try (LoadedAdapter teacher = then.load(release.adapter())) {
      served = taught(now, release.adapter(), lesson(texts, says(then, teacher, texts)));
      try (LoadedAdapter student = now.load(served)) {
        domain = outcome(release.manifest().domain(), own, teacher, student);
        kept = outcome("protected", guarded, teacher, student);
      }
    }
    List<RuleResult> rules = List.of(rule(domain, bounds.domain()), rule(kept, bounds.guarded()));
    return new Rebased(draft(id, release, served, rules), domain, kept);
  }

  private List<Likeliest> says(BaseModel then, LoadedAdapter teacher, List<int[]> texts) {
    return then.likeliest(
        texts.stream().map(text -> new Sequence(text, teacher)).toList(), LIKELIEST, 1);
  }

  private Lesson lesson(List<int[]> texts, List<Likeliest> teacher) {
    List<Remembered> samples = new ArrayList<>();
    texts.forEach(text -> samples.add(Remembered.of(text)));
    return new Lesson(samples, teacher, List.of(), List.of(), List.of(), recipe.seed);
  }

  private AdapterWeights taught(BaseModel now, AdapterWeights from, Lesson lesson) {
    Trainer trainer = Trainer.of(now, config(lesson.fresh().size()), PLAN);
    Span span = new Span(0, recipe.steps, recipe.steps);
    AdapterState state =
        trainer.train(AdapterState.fresh(from), from, lesson, span, Governor.none()).state();
    return Quantizer.quantize(state.weights());
  }

  /** No decay: what it begins with is nearly right. */
  private TrainConfig config(int texts) {
    int perEpoch = (texts + ROWS - 1) / ROWS;
    return TrainConfig.defaults().toBuilder()
        .learningRate(recipe.rate)
        .warmupSteps(Math.max(1, recipe.steps / 10))
        .finalRate(0)
        .settleSteps(Integer.MAX_VALUE)
        .weightDecay(0)
        .epochs((recipe.steps + perEpoch - 1) / perEpoch)
        .rowsPerStep(ROWS)
        .replayShare(0)
        .anchorShare(0)
        .anchorWeight(0)
        .build();
  }

  private Outcome outcome(String domain, Exam exam, LoadedAdapter teacher, LoadedAdapter student) {
    return new Outcome(
        domain, exam.take(before, teacher).bitsPerByte(), exam.take(next, student).bitsPerByte());
  }

  private static RuleResult rule(Outcome outcome, double bound) {
    boolean passed = outcome.rise() <= bound;
    String reason =
        String.format(
            Locale.ROOT,
            "%s: %.4f bits per byte before, %.4f by its adapter on the new base, expected at most"
                + " %+.2f %%",
            outcome.domain(),
            outcome.before(),
            outcome.after(),
            100 * bound);
    Map<String, Double> figures =
        Map.of("before", outcome.before(), "after", outcome.after(), "bound", bound);
    return new RuleResult("rebased-no-worse", passed, passed ? "" : reason, new TreeMap<>(figures));
  }

  /** It learned no sample itself: what taught the release it came of is named there. */
  private Draft draft(String id, Release release, AdapterWeights served, List<RuleResult> rules) {
    Manifest of = release.manifest();
    SortedMap<String, byte[]> files = AdapterFolder.toFiles(served, Drafter.NO_BASE_NAME);
    files.put(Profile.FILE, release.profileOrEmpty().toBytes());
    Manifest manifest =
        new Manifest(
            of.tenant(),
            of.domain(),
            next.id(),
            ReleaseFile.of(files),
            Drafter.QUANTIZATION,
            of.routing(),
            id,
            of.batch(),
            List.of(),
            of.learnedTo(),
            trainingPlan(id),
            rules,
            null);
    return new Draft(manifest, files);
  }

  private TrainingPlan trainingPlan(String id) {
    SortedMap<String, String> about =
        new TreeMap<>(
            Map.of(
                REBASED,
                id,
                "steps",
                String.valueOf(recipe.steps),
                "rate",
                String.valueOf(recipe.rate)));
    return new TrainingPlan(
        recipe.seed,
        about,
        PLAN.microBatchTokens(next),
        machine.threads(),
        machine.engine(),
        machine.cpuFeatures());
  }
}
