package dev.millrace.adapter.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.bigram.BigramBase;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Foreground;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Recompute;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainerTest {
  private static final long HOUR = 3_600_000;

  private final BigramBase base = new BigramBase(Bigrams.known());
  private final TrainConfig config = TrainConfig.defaults();
  private final AdapterState before =
      AdapterState.fresh(
          LoraWeights.initial(
              new LoraConfig(4, 8, false, List.of("mix", "out")), base.sites(), 11));

  @Test
  void train_foreignTexts_lowersTheLoss() {
    Training training = trainer().train(before, lesson(7), Governor.none());
    assertEquals("", training.trouble());
    assertTrue(training.log().lastLoss() < training.log().firstLoss(), training::toString);
    assertEquals(16, training.steps()); // (32 fresh + 8 replayed + 24 anchors) / 4
  }

  /** With so many a sum of rows was negative, and a lesson taught nothing. */
  @Test
  void train_moreRowsAStepThanCanBeCounted_isOneStep() {
    TrainConfig all = config.toBuilder().rowsPerStep(Integer.MAX_VALUE).build();
    Training training =
        Trainer.of(base, all, Plan.defaults()).train(before, lesson(7), Governor.none());
    assertEquals(1, training.steps());
  }

  /** Places beyond 2^31 were negative, and ended the job. */
  @Test
  void steps_aLessonOfManyTexts_holdAllOfThem() {
    int texts = 60_000;
    List<Remembered> fresh = Collections.nCopies(texts, Remembered.of(new int[] {1, 2}));
    Lesson many = new Lesson(fresh, List.of(), List.of(), 7);
    TrainConfig one = config.toBuilder().rowsPerStep(1).build();
    List<Rows.Step> steps = new Rows(one, many).steps();
    assertEquals(texts, steps.size());
    assertEquals(texts, steps.stream().mapToInt(step -> step.texts().size()).sum());
  }

  @Test
  void train_sameSeed_sameBytes() {
    Training once = trainer().train(before, lesson(7), Governor.none());
    Training twice = trainer().train(before, lesson(7), Governor.none());
    assertArrayEquals(values(once), values(twice));
    assertArrayEquals(once.state().first(), twice.state().first());
    assertArrayEquals(once.state().second(), twice.state().second());
    assertFalse(
        Arrays.equals(values(once), values(trainer().train(before, lesson(8), Governor.none()))));
  }

  /** A trainer whose share has fewer texts must not fall to the final rate before the others. */
  @Test
  void train_aStepOfALessonThatIsLongerForOthers_goesByTheirSteps() {
    float[] last = moved(new Span(7, 8, 8));
    float[] middle = moved(new Span(7, 8, 15));
    double expected = (1 + config.finalRate()) / 2 / config.finalRate();
    int greatest = 0;
    for (int i = 0; i < last.length; i++) {
      greatest = Math.abs(last[i]) > Math.abs(last[greatest]) ? i : greatest;
    }
    assertTrue(config.warmupSteps() <= 8);
    assertEquals(expected, middle[greatest] / last[greatest], 1e-3 * expected);
  }

  private float[] moved(Span span) {
    float[] values =
        values(trainer().train(before, before.weights(), lesson(7), span, Governor.none()));
    float[] old = Parameters.flatten(before.weights());
    for (int i = 0; i < values.length; i++) {
      values[i] -= old[i];
    }
    return values;
  }

  @Test
  void train_otherMicroBatch_sameValuesButForRounding() {
    Trainer narrow = trainer(TrainPrecision.FP32, 1, 50);
    assertArrayEquals(
        values(trainer().train(before, lesson(7), Governor.none())),
        values(narrow.train(before, lesson(7), Governor.none())),
        1e-3f);
  }

  @Test
  void train_anything_changesNeitherStateNorLesson() {
    float[] values = Parameters.flatten(before.weights());
    Lesson lesson = lesson(7);
    List<int[]> tokens = lesson.fresh().stream().map(s -> s.tokens().clone()).toList();
    trainer().train(before, lesson, Governor.none());
    assertArrayEquals(values, Parameters.flatten(before.weights()));
    assertArrayEquals(new float[values.length], before.first());
    for (int i = 0; i < tokens.size(); i++) {
      assertArrayEquals(tokens.get(i), lesson.fresh().get(i).tokens());
    }
  }

  @Test
  void train_lossNotANumber_returnsTheStateBefore() {
    base.poison(BigramBase.VOCAB - 1);
    Training training = trainer().train(before, lesson(7), Governor.none());
    assertSame(before, training.state());
    assertEquals(Double.NaN, training.log().worstLoss());
    assertNotEquals("", training.trouble());
  }

  @Test
  void train_governorGivesUp_leavesNoTrace() {
    float[] values = Parameters.flatten(before.weights());
    AtomicInteger asked = new AtomicInteger();
    assertThrows(
        CancellationException.class,
        () -> trainer().train(before, lesson(7), () -> asked.incrementAndGet() < 5));
    assertEquals(5, asked.get());
    assertArrayEquals(values, Parameters.flatten(before.weights()));
  }

  @Test
  void train_tooShortToPredict_isLeftOut() {
    Lesson lesson =
        new Lesson(
            List.of(new Remembered("s", new Origin("t", 0, 0), new int[] {1})),
            List.of(),
            List.of(),
            1);
    Training training = trainer().train(before, lesson, Governor.none());
    assertEquals(0, training.steps());
    assertEquals(0, training.tokens());
  }

  @Test
  void train_replayIsHeld_saysOfItWhatWasSaid() {
    AdapterState incumbent = trainer().train(before, lesson(7), Governor.none()).state();
    List<int[]> past = Bigrams.foreign().texts(8, 2);
    Lesson next =
        new Lesson(remembered(Bigrams.known().texts(32, 4)), remembered(past), List.of(), 8);
    Training taught = trainer().train(incumbent, next, Governor.none());
    Trainer holding = Trainer.of(base, config.holding(1, 20), Plan.defaults());
    Training held = holding.train(incumbent, next, Governor.none());
    double drift = drift(incumbent, held, past);
    assertTrue(drift < 0.5 * drift(incumbent, taught, past), () -> "drift " + drift);
    assertArrayEquals(values(held), values(holding.train(incumbent, next, Governor.none())));
  }

  @Test
  void train_replayIsHeldToWhatWasSaidOnce_doesNotSlipFromLessonToLesson() {
    AdapterState then = trainer().train(before, lesson(7), Governor.none()).state();
    List<int[]> past = Bigrams.foreign().texts(8, 2);
    List<Likeliest> said;
    try (LoadedAdapter adapter = base.load(then.weights())) {
      List<Sequence> read = past.stream().map(text -> new Sequence(text, adapter)).toList();
      said = base.likeliest(read, BigramBase.VOCAB, 1);
    }
    Training fixed = later(then, past, said);
    double drift = drift(then, fixed, past);
    double slipped = drift(then, later(then, past, List.of()), past);
    assertTrue(drift < 0.7 * slipped, () -> drift + " of " + slipped);
    assertArrayEquals(values(fixed), values(later(then, past, said)));
  }

  /** After six lessons on other texts that hold these. */
  private Training later(AdapterState then, List<int[]> held, List<Likeliest> said) {
    Trainer holding = Trainer.of(base, config.holding(1, 5), Plan.defaults());
    AdapterState state = then;
    Training last = null;
    for (int i = 0; i < 6; i++) {
      List<Remembered> fresh = remembered(Bigrams.known().texts(32, 10 + i));
      Lesson next = new Lesson(fresh, List.of(), remembered(held), said, List.of(), 10 + i);
      last = holding.train(state, next, Governor.none());
      state = last.state();
    }
    return last;
  }

  @Test
  void train_saidOfSomeReplayedTextsOnly_isRefused() {
    List<Remembered> two = remembered(Bigrams.known().texts(2, 1));
    List<Likeliest> one = List.of(new Likeliest(1, new int[] {1}, new float[] {0}));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Lesson(List.of(), List.of(), two, one, List.of(), 1));
  }

  @Test
  void train_anchorsAlone_goesBackToWhatTheBaseSays() {
    Training taught = trainer().train(before, lesson(7), Governor.none());
    Trainer alone = Trainer.of(base, config.anchored(Terms.ANCHORS_ALONE), Plan.defaults());
    Training repaired = alone.train(taught.state(), lesson(7).again(1), Governor.none());
    List<int[]> known = Bigrams.known().texts(40, 9);
    double harm = drift(before, taught, known);
    double left = drift(before, repaired, known);
    assertTrue(left < 0.7 * harm, () -> left + " of " + harm);
    assertTrue(Double.isNaN(repaired.log().firstLoss()), "no text teaches");
    Training both = taught.then(repaired);
    assertEquals(taught.steps() + repaired.steps(), both.steps());
    assertSame(taught.log(), both.log());
    assertSame(repaired.state(), both.state());
  }

  @Test
  void train_anchorsAlone_takesAsManyStepsForAnyLesson() {
    TrainConfig alone = config.anchored(Terms.ANCHORS_ALONE);
    List<int[]> anchors = Bigrams.known().texts(40, 3);
    for (int texts : new int[] {8, 64, 256}) {
      List<Remembered> fresh = remembered(Bigrams.foreign().texts(texts, 1));
      assertEquals(12, Trainer.steps(alone, new Lesson(fresh, List.of(), anchors, 7)));
    }
  }

  /** One thread computes a step of anchors alone; another would be idle. */
  @Test
  void train_anchorsAlone_readsThoseOfTheNextStepAhead() {
    TrainConfig alone = config.anchored(Terms.ANCHORS_ALONE);
    Lesson lesson = lesson(7);
    Training one =
        Trainer.of(base, alone, plan(TrainPrecision.FP32, 1, 1000))
            .train(before, lesson, Governor.none());
    assertEquals(List.of(), base.readAhead());
    Training two = Trainer.of(base, alone, Plan.defaults()).train(before, lesson, Governor.none());
    List<Rows.Step> steps = new Rows(alone, lesson).steps();
    List<List<Integer>> later =
        steps.stream()
            .skip(1)
            .flatMap(step -> step.anchors().stream())
            .map(row -> Arrays.stream(row.tokens()).boxed().toList())
            .toList();
    assertEquals(later, base.readAhead());
    assertArrayEquals(values(one), values(two));
  }

  /** KL(before ‖ after) of all predictions, nats. */
  private double drift(AdapterState incumbent, Training after, List<int[]> texts) {
    List<WeightedSequence> rows =
        texts.stream().map(tokens -> new WeightedSequence(tokens, 1)).toList();
    return base.teacherGradients(
            after.state().weights(), incumbent.weights(), rows, Computation.plain())
        .loss();
  }

  @ParameterizedTest
  @CsvSource({"1, 0.75", "2, 0.75", "4, 4"})
  void train_stepsOfFewRowsOrOfAnchorsAlone_lossesAreThoseOfTexts(int rows, double anchors) {
    TrainConfig few =
        TrainConfig.defaults().toBuilder().rowsPerStep(rows).anchorShare(anchors).build();
    Lesson lesson =
        new Lesson(
            remembered(Bigrams.foreign().texts(5, 1)),
            remembered(Bigrams.foreign().texts(2, 2)),
            Bigrams.known().texts(40, 3),
            7);
    Training training =
        Trainer.of(base, few, Plan.defaults()).train(before, lesson, Governor.none());
    assertEquals("", training.trouble());
    assertEquals(Trainer.steps(few, lesson), training.steps());
    List<Double> losses = training.log().losses();
    assertTrue(losses.stream().allMatch(Double::isFinite), training::toString);
    assertEquals(anchors > 1, losses.size() < training.steps(), "some steps are of anchors alone");
  }

  @Test
  void train_whileAnswersAreComputed_pausesAndTheBytesAreTheSame() throws InterruptedException {
    Foreground foreground = new Foreground();
    Foreground.Answerer answerer = foreground.answerer();
    AtomicInteger micros = new AtomicInteger();
    CountDownLatch third = new CountDownLatch(3);
    Governor counting =
        () -> {
          if (micros.incrementAndGet() == 3) {
            answerer.computing(true); // once the third micro-batch was let go on
          }
          third.countDown();
          return true;
        };
    CompletableFuture<Training> training =
        CompletableFuture.supplyAsync(
            () -> trainer().train(before, lesson(7), counting.yieldingTo(foreground, HOUR)));
    third.await();
    assertThrows(
        TimeoutException.class, () -> training.get(100, TimeUnit.MILLISECONDS), "it pauses");
    assertEquals(3, micros.get());
    answerer.computing(false);
    Training alone = trainer().train(before, lesson(7), Governor.none());
    assertArrayEquals(values(alone), values(training.join()));
    assertArrayEquals(alone.state().second(), training.join().state().second());
  }

  @Test
  void train_serverThatIsNeverIdle_goesOnAndTheBytesAreTheSame() {
    Foreground foreground = new Foreground();
    foreground.answerer().computing(true);
    Training slowed = trainer().train(before, lesson(7), Governor.none().yieldingTo(foreground, 1));
    assertArrayEquals(values(trainer().train(before, lesson(7), Governor.none())), values(slowed));
  }

  @Test
  void train_threadsThatFinishInAnyOrder_sameBytes() {
    Training calm = trainer(TrainPrecision.FP32, 4, 100).train(before, lesson(7), Governor.none());
    base.dawdle();
    Training hurried =
        trainer(TrainPrecision.FP32, 4, 100).train(before, lesson(7), Governor.none());
    assertArrayEquals(values(calm), values(hurried));
    assertArrayEquals(calm.state().second(), hurried.state().second());
  }

  @Test
  void train_lossInfinite_returnsTheStateBefore() {
    base.poison(BigramBase.VOCAB - 1, Double.POSITIVE_INFINITY);
    Training training = trainer().train(before, lesson(7), Governor.none());
    assertSame(before, training.state());
    assertTrue(training.trouble().contains("Infinity"), training::trouble);
  }

  @Test
  void train_adaptive_logsItsSwitchesAndRepeatsThem() {
    Trainer adaptive = trainer(TrainPrecision.ADAPTIVE, 2, 1000);
    Training once = adaptive.train(before, lesson(7), Governor.none());
    assertEquals(once.steps(), once.log().fp32Steps() + once.log().bf16Steps());
    assertFalse(once.log().switches().isEmpty());
    assertEquals(once.log(), adaptive.train(before, lesson(7), Governor.none()).log());
  }

  @Test
  void microBatchTokens_adaptive_areAsManyAsThereIsMemoryForInEitherType() {
    assertEquals(1000, plan(TrainPrecision.ADAPTIVE_FP32, 2, 1000).microBatchTokens(base));
    assertEquals(500, plan(TrainPrecision.BF16, 2, 1000).microBatchTokens(base));
    assertEquals(500, plan(TrainPrecision.ADAPTIVE, 2, 1000).microBatchTokens(base));
  }

  private Trainer trainer(TrainPrecision precision, int threads, int tokens) {
    return Trainer.of(base, config, plan(precision, threads, tokens));
  }

  private static Plan plan(TrainPrecision precision, int threads, int tokens) {
    return new Plan("cpu", precision, Recompute.NOTHING, threads, ((long) threads * tokens) << 10);
  }

  private Trainer trainer() {
    return Trainer.of(base, config, Plan.defaults());
  }

  private static float[] values(Training training) {
    return Parameters.flatten(training.state().weights());
  }

  private static Lesson lesson(long seed) {
    return new Lesson(
        remembered(Bigrams.foreign().texts(32, 1)),
        remembered(Bigrams.foreign().texts(8, 2)),
        Bigrams.known().texts(40, 3),
        seed);
  }

  private static List<Remembered> remembered(List<int[]> texts) {
    List<Remembered> samples = new ArrayList<>();
    for (int[] text : texts) {
      samples.add(new Remembered("s" + samples.size(), new Origin("t", 0, samples.size()), text));
    }
    return samples;
  }
}
