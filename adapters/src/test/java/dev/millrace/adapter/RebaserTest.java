package dev.millrace.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.bigram.BigramBase;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Machine;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.kinds.AdapterKinds;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RebaserTest {

  private static final Origin PLACE = new Origin("samples", 0, 7);

  private final BigramBase before = new BigramBase(Bigrams.known());
  private final BigramBase next = new BigramBase("c".repeat(64), blurred(Bigrams.known(), 0.05));
  private final Release old = release();
  private final Exam own = exam(Bigrams.foreign());
  private final Exam guarded = exam(Bigrams.known());

  /** The same language, in which now and then anything follows. */
  private static Bigrams blurred(Bigrams known, double share) {
    double[][] p = new double[BigramBase.VOCAB][BigramBase.VOCAB];
    for (int i = 0; i < p.length; i++) {
      for (int j = 0; j < p.length; j++) {
        p[i][j] = (1 - share) * known.probabilities()[i][j] + share / p.length;
      }
    }
    return new Bigrams(p);
  }

  private static Exam exam(Bigrams language) {
    return new Exam(
        language.texts(20, 41).stream()
            .map(text -> new Exam.Text("foreign", text, text.length))
            .toList());
  }

  /** Taught the foreign language on the base before. */
  private Release release() {
    List<Remembered> samples = new ArrayList<>();
    Bigrams.foreign().texts(60, 42).forEach(t -> samples.add(new Remembered("s", PLACE, t)));
    AdapterState zero =
        AdapterState.fresh(
            AdapterKinds.named("lora").initial(new AdapterPlan(4, 8, false), before.sites(), 3));
    AdapterWeights taught =
        Trainer.of(before, TrainConfig.defaults(), Plan.defaults())
            .train(
                zero,
                new Lesson(samples, List.of(), Bigrams.known().texts(60, 43), 5),
                Governor.none())
            .state()
            .weights();
    Manifest manifest =
        new Manifest(
            "acme",
            "foreign",
            before.id(),
            new TreeMap<>(),
            "int8-row",
            Routing.topK(1),
            null,
            3,
            List.of(new LearnedSample("s", PLACE, false)),
            List.of(PLACE),
            new TrainingPlan(1, new TreeMap<>(), 1, 1, "bigram", "none"),
            List.of(),
            null);
    return new Release(manifest, Quantizer.quantize(taught), null);
  }

  private Rebaser.Rebased rebased(int steps, Rebaser.Bounds bounds) {
    List<int[]> texts = new ArrayList<>(Bigrams.foreign().texts(60, 44));
    texts.addAll(Bigrams.known().texts(60, 45));
    return new Rebaser(before, next, new Rebaser.Recipe(steps, 1e-2, 9), Machine.here(1, "bigram"))
        .rebase(old, texts, own, guarded, bounds);
  }

  @Test
  void rebase_baseThatSaysOtherwise_comesNearToWhatTheOldPairSaid() {
    Rebaser.Bounds bounds = new Rebaser.Bounds(0.01, 0.02);
    double untaught = bits(next, old.adapter(), own);
    Rebaser.Rebased rebased = rebased(60, bounds);
    assertEquals(bits(before, old.adapter(), own), rebased.domain().before());
    assertTrue(
        Math.abs(rebased.domain().rise()) < Math.abs(untaught / rebased.domain().before() - 1),
        () -> untaught + ", " + rebased);
    assertTrue(rebased.accepted(), rebased::toString);
    Manifest again = rebased(60, bounds).draft().manifest();
    assertEquals(rebased.draft().manifest(), again, "the same bytes");
    assertEquals(0, before.loaded() + next.loaded());
  }

  @Test
  void rebase_itsManifest_namesWhatItCameOfAndIsOfTheNewBase() {
    Manifest manifest = rebased(2, new Rebaser.Bounds(1, 1)).draft().manifest();
    assertEquals("acme", manifest.tenant());
    assertEquals(next.id(), manifest.base());
    assertEquals(old.manifest().id(), manifest.parent());
    assertEquals(3, manifest.batch());
    assertEquals(List.of(PLACE), manifest.learnedTo());
    assertEquals(List.of(), manifest.learned());
    assertTrue(Rebaser.isRebased(manifest));
    assertFalse(Rebaser.isRebased(old.manifest()));
  }

  @Test
  void rebase_worseThanABound_isNotAccepted() {
    Rebaser.Rebased rebased = rebased(2, new Rebaser.Bounds(1, -0.9));
    assertFalse(rebased.accepted());
    String why = rebased.draft().manifest().verdict().get(1).reason();
    assertTrue(why.startsWith("protected: ") && why.contains("expected at most"), why);
  }

  private static double bits(BigramBase base, AdapterWeights adapter, Exam exam) {
    try (LoadedAdapter loaded = base.load(adapter)) {
      return exam.take(base, loaded).bitsPerByte();
    }
  }
}
