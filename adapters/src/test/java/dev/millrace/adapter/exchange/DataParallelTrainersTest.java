package dev.millrace.adapter.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.Configs;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.bigram.BigramBase;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.AnchorDigest;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Parameters;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.Span;
import dev.millrace.adapter.train.Terms;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Products;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataParallelTrainersTest {

  private static final int POISON = 3;
  private static final TrainConfig TRAIN = TrainConfig.defaults();
  private static final TrainConfig UNCLIPPED = with(1e9, TRAIN.rowsPerStep());

  private static TrainConfig with(double clipNorm, int rows) {
    return TRAIN.toBuilder().clipNorm(clipNorm).rowsPerStep(rows).build();
  }

  private final BigramBase base = new BigramBase(Bigrams.known());
  private final List<int[]> anchors = Bigrams.known().texts(40, 21);
  private final Terms terms =
      new Terms("/cloud", Routing.topK(base.config().router().topK()), 1, TrainPrecision.FP32);
  private final AdapterState fresh =
      AdapterState.fresh(
          LoraWeights.initial(new LoraConfig(4, 8, false, List.of("mix", "out")), base.sites(), 2));

  private static ExchangeConfig config(int processes, int trainers, int steps, String codec) {
    return new ExchangeConfig(processes, trainers, steps, codec, 1_000);
  }

  private Trainee.Means means(ExchangeConfig config) {
    return new Trainee.Means(base, anchors, TRAIN, Plan.defaults(), config.codec());
  }

  private LocalProcesses processes(ExchangeConfig config) {
    return new LocalProcesses(means(config), config);
  }

  /** Counts the states that are sent. */
  private static final class Watched implements Processes {
    private final Processes all;
    private int given;
    private int learners = 1;

    Watched(Processes all) {
      this.all = all;
    }

    @Override
    public Call next() {
      return all.next();
    }

    @Override
    public int learners() {
      return learners;
    }

    @Override
    public List<Report> round(List<Order> orders, Governor governor) {
      for (Order order : orders) {
        given += order.beginning() != null && order.beginning().given() != null ? 1 : 0;
      }
      return all.round(orders, governor);
    }
  }

  /** Trainers in whose place others may come. */
  private static final class Replaced implements Processes {
    private final Processes first;
    private Processes now;

    Replaced(Processes first) {
      this.first = first;
      this.now = first;
    }

    @Override
    public Call next() {
      return first.next();
    }

    @Override
    public List<Report> round(List<Order> orders, Governor governor) {
      return now.round(orders, governor);
    }
  }

  private DataParallelTrainers trainers(ExchangeConfig config, Processes processes) {
    return new DataParallelTrainers(config, means(config), processes);
  }

  private DataParallelTrainers trainers(ExchangeConfig config) {
    return trainers(config, processes(config));
  }

  private Training train(DataParallelTrainers trainers, AdapterState from, Lesson lesson) {
    return trainers.train(from, lesson, terms, Governor.none());
  }

  private static Lesson lesson(int texts, long seed) {
    List<Remembered> samples = new ArrayList<>();
    for (int[] tokens : Bigrams.foreign().texts(texts, seed)) {
      samples.add(new Remembered("s" + samples.size(), new Origin("t", 0, 0), tokens));
    }
    int fresh = samples.size() * 3 / 4;
    return new Lesson(
        samples.subList(0, fresh), samples.subList(fresh, samples.size()), List.of(), seed);
  }

  private static float[] values(AdapterState state) {
    return Parameters.flatten(state.weights());
  }

  /** The rounds of one lesson, as plainly as they can be written. */
  private AdapterState naive(Lesson lesson, ExchangeConfig c, TrainConfig train) {
    List<Share> shares = Share.deal(lesson, c.all());
    Trainer trainer = Trainer.of(base, train, Plan.defaults());
    Shape shape = Shape.of(fresh.weights());
    float[][] memories = new float[c.processes() + 1][shape.size()];
    AdapterState shared = fresh;
    int steps =
        shares.stream()
            .mapToInt(share -> Trainer.steps(train, share.lesson(anchors)))
            .max()
            .orElseThrow();
    for (int at = 0; at < steps; at += c.steps()) {
      Span span = new Span(at, at + c.steps(), steps);
      List<float[]> told = new ArrayList<>();
      for (int p = 0; p < c.processes(); p++) {
        List<float[]> own = new ArrayList<>();
        for (int t = 0; t < c.trainers(); t++) {
          Lesson mine = shares.get(p * c.trainers() + t).lesson(anchors);
          Training training = trainer.train(shared, fresh.weights(), mine, span, Governor.none());
          if (training.steps() > 0) {
            own.add(training.gradient());
          }
        }
        if (!own.isEmpty()) {
          told.add(said(c.codec(), own, memories[p], shape));
        }
      }
      float[] together = said(c.codec(), told, memories[c.processes()], shape);
      shared = Trainer.follow(train, shared, together, span);
    }
    return shared;
  }

  /** What a message says of the mean; what it leaves out is in the memory. */
  private static float[] said(String codec, List<float[]> all, float[] memory, Shape shape) {
    float[] wanted = new float[memory.length];
    for (int i = 0; i < wanted.length; i++) {
      double sum = 0;
      for (float[] one : all) {
        sum += one[i];
      }
      wanted[i] = (float) (sum / all.size()) + memory[i];
    }
    Codec how = Codecs.named(codec);
    float[] said = how.decode(how.encode(wanted, shape), shape);
    for (int i = 0; i < wanted.length; i++) {
      memory[i] = wanted[i] - said[i];
    }
    return said;
  }

  private static void assertSame(AdapterState expected, AdapterState found) {
    assertArrayEquals(values(expected), values(found));
    assertArrayEquals(expected.first(), found.first());
    assertArrayEquals(expected.second(), found.second());
    assertEquals(expected.step(), found.step());
  }

  @ParameterizedTest
  @ValueSource(strings = {"dense", "int4", "topk:0.1", "sign"})
  void train_severalRounds_isWhatPlainRoundsLeadTo(String codec) {
    ExchangeConfig config = config(2, 2, 2, codec);
    Lesson lesson = lesson(40, 5);
    Training training = train(trainers(config), fresh, lesson);
    assertSame(naive(lesson, config, TRAIN), training.state());
    assertEquals("", training.trouble());
    assertTrue(training.steps() > 4, training + " has several rounds");
    assertEquals(training.steps(), training.state().step());
    assertTrue(training.log().lastLoss() < training.log().firstLoss(), training.toString());
  }

  /** Its rounds came to none, and a lesson that had taught nothing was no trouble. */
  @Test
  void train_roundsOfMoreStepsThanAnyLessonHas_isOneRound() {
    ExchangeConfig most = config(2, 2, Integer.MAX_VALUE, "int5");
    ExchangeConfig enough = config(2, 2, 1_000, "int5");
    Lesson lesson = lesson(40, 5);
    assertSame(
        train(trainers(enough), fresh, lesson).state(),
        train(trainers(most), fresh, lesson).state());
  }

  /** An explosion is told by a few of them in a row. */
  @Test
  void train_severalRounds_notesTheLossOfEachStepOverAllTrainers() {
    ExchangeConfig config = config(2, 2, 2, "dense");
    Lesson lesson = lesson(40, 5);
    Training training = train(trainers(config), fresh, lesson);
    List<Double> losses = training.log().losses();
    assertEquals(training.steps(), losses.size());
    Trainer trainer = Trainer.of(base, TRAIN, Plan.defaults());
    Span first = new Span(0, 2, training.steps());
    List<Training> alone =
        Share.deal(lesson, 4).stream()
            .map(share -> share.lesson(anchors))
            .map(own -> trainer.train(fresh, fresh.weights(), own, first, Governor.none()))
            .toList();
    for (int step : new int[] {0, 1}) {
      double mean =
          alone.stream().mapToDouble(one -> one.log().losses().get(step)).average().orElseThrow();
      assertEquals(mean, losses.get(step), 1e-12);
    }
  }

  /** Not to what the last round led to, which would hold nothing back. */
  @Test
  void train_replayIsHeldInSeveralRounds_isHeldToTheAdapterBeforeTheLesson() {
    ExchangeConfig config = config(2, 2, 2, "dense");
    TrainConfig holding = TRAIN.holding(1, 20);
    Lesson lesson = lesson(40, 5);
    Trainee.Means means =
        new Trainee.Means(base, anchors, holding, Plan.defaults(), config.codec());
    Training training =
        new DataParallelTrainers(config, means, new LocalProcesses(means, config))
            .train(fresh, lesson, terms, Governor.none());
    assertSame(naive(lesson, config, holding), training.state());
  }

  @Test
  void train_firstRoundOfAnchorsAlone_lossesAreThoseOfTheTexts() {
    TrainConfig many = TrainConfig.defaults().toBuilder().anchorShare(4).build();
    ExchangeConfig config = config(1, 1, 1, "dense");
    Trainee.Means means = new Trainee.Means(base, anchors, many, Plan.defaults(), config.codec());
    Training training =
        new DataParallelTrainers(config, means, new LocalProcesses(means, config))
            .train(fresh, lesson(7, 5), terms, Governor.none());
    assertEquals("", training.trouble());
    List<Double> losses = training.log().losses();
    assertTrue(losses.stream().allMatch(Double::isFinite), training::toString);
    assertTrue(!losses.isEmpty() && losses.size() < training.steps(), training::toString);
  }

  @Test
  void train_sharesOfDifferentLength_areAtTheLessonsRatesAllTheTime() {
    ExchangeConfig config = config(1, 2, 2, "dense");
    Lesson lesson =
        IntStream.range(24, 80)
            .mapToObj(texts -> lesson(texts, 5))
            .filter(one -> steps(one).distinct().count() > 1)
            .findFirst()
            .orElseThrow();
    Training training = train(trainers(config), fresh, lesson);
    assertSame(naive(lesson, config, TRAIN), training.state());
  }

  /** How many steps each of two trainers has texts for. */
  private IntStream steps(Lesson lesson) {
    return Share.deal(lesson, 2).stream()
        .mapToInt(share -> Trainer.steps(TRAIN, share.lesson(anchors)));
  }

  @Test
  void train_aStepARound_isWhatOneTrainerDoesWhoReadsAllTexts() {
    List<Remembered> texts = new ArrayList<>();
    for (int[] tokens : Bigrams.foreign().texts(16, 5)) {
      texts.add(new Remembered("s", new Origin("t", 0, 0), Arrays.copyOf(tokens, 12)));
    }
    Lesson lesson = new Lesson(texts, List.of(), List.of(), 5);
    ExchangeConfig config = config(2, 2, 1, "dense");
    Trainee.Means means =
        new Trainee.Means(base, List.of(), UNCLIPPED, Plan.defaults(), config.codec());
    DataParallelTrainers four =
        new DataParallelTrainers(config, means, new LocalProcesses(means, config));
    AdapterState together = train(four, fresh, lesson).state();
    AdapterState alone =
        Trainer.of(base, with(UNCLIPPED.clipNorm(), 16), Plan.defaults())
            .train(fresh, lesson, Governor.none())
            .state();
    assertEquals(1, together.step());
    assertEquals(1, alone.step());
    assertNear(alone.first(), together.first());
    assertNear(alone.second(), together.second());
  }

  private static void assertNear(float[] expected, float[] found) {
    double most = 0;
    for (float value : expected) {
      most = Math.max(most, Math.abs(value));
    }
    assertTrue(most > 0, "something to compare");
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], found[i], 1e-4 * most);
    }
  }

  @Test
  void follow_theGradientOfOneStep_isThatStep() {
    Lesson lesson = lesson(40, 5);
    Trainer trainer = Trainer.of(base, TRAIN, Plan.defaults());
    int steps = Trainer.steps(TRAIN, lesson);
    AdapterState state = fresh;
    for (int i = 0; i < steps; i++) {
      Span span = new Span(i, i + 1, steps);
      Training training = trainer.train(state, state.weights(), lesson, span, Governor.none());
      AdapterState followed = Trainer.follow(TRAIN, state, training.gradient(), span);
      assertNear(values(training.state()), values(followed));
      assertNear(training.state().first(), followed.first());
      assertNear(training.state().second(), followed.second());
      assertEquals(training.state().step(), followed.step());
      state = training.state();
    }
    assertTrue(steps > 4, steps + " steps");
  }

  @Test
  void train_asShipped_learnsAlmostWhatOneTrainerLearns() {
    List<int[]> texts = Bigrams.foreign().texts(96, 5);
    List<Remembered> samples = new ArrayList<>();
    texts.forEach(text -> samples.add(new Remembered("s", new Origin("t", 0, 0), text)));
    Lesson lesson = new Lesson(samples, List.of(), List.of(), 5);
    ExchangeConfig shipped = ExchangeConfig.defaults();
    ExchangeConfig four = config(2, 2, shipped.steps(), shipped.codec());
    AdapterState together = train(trainers(four), fresh, lesson).state();
    AdapterState alone =
        Trainer.of(base, with(TRAIN.clipNorm(), 4 * TRAIN.rowsPerStep()), Plan.defaults())
            .train(fresh, lesson, Governor.none())
            .state();
    double before = loss(fresh);
    double fell = before - loss(alone);
    assertTrue(fell > 0, before + " to " + loss(alone));
    assertTrue(before - loss(together) > 0.7 * fell, loss(together) + ", alone " + loss(alone));
  }

  private double loss(AdapterState state) {
    double nll = 0;
    for (var scores : base.scoreAsTrained(state.weights(), Bigrams.foreign().texts(16, 99))) {
      nll -= scores.logProb();
    }
    return nll;
  }

  @Test
  void train_manyDomains_thoseOfLongAgoAreForgottenAndSentAgain() {
    ExchangeConfig config = config(2, 1, 2, "int4");
    Trainee.Means means = means(config);
    LocalProcesses all = new LocalProcesses(means, config);
    Watched watched = new Watched(all);
    DataParallelTrainers trainers = trainers(config, watched);
    AdapterState first = null;
    int domains = DataParallelTrainers.HELD_DOMAINS + 2;
    for (int i = 0; i < domains; i++) {
      Terms other = domain(i);
      AdapterState state = trainers.train(fresh, lesson(4, 5), other, Governor.none()).state();
      first = i == 0 ? state : first;
    }
    assertTrue(all.held() <= 2 * 2 * (DataParallelTrainers.HELD_DOMAINS + 1), all.held() + " held");
    int given = watched.given;
    trainers.train(first, lesson(4, 6), domain(0), Governor.none());
    assertEquals(given + 2, watched.given);
  }

  @Test
  void train_statesAsLargeAsTrainersMayHold_thoseOfLongAgoAreForgotten() {
    ExchangeConfig config = config(2, 1, 2, "int4");
    LocalProcesses all = processes(config);
    long state = 3L * Float.BYTES * Parameters.count(fresh.weights());
    Watched watched = new Watched(all);
    DataParallelTrainers trainers =
        new DataParallelTrainers(config, means(config), watched, 5 * state);
    for (int i = 0; i < 6; i++) {
      trainers.train(fresh, lesson(4, 5), domain(i), Governor.none());
    }
    assertEquals(2 * 3 * 2, all.held(), "two processes hold two domains beside the last");
    int given = watched.given;
    trainers.train(fresh, lesson(4, 5), domain(4), Governor.none());
    assertEquals(given, watched.given, "where the last but one began is held");
    DataParallelTrainers tiny = new DataParallelTrainers(config, means(config), watched, 1);
    AdapterState on = tiny.train(fresh, lesson(4, 5), domain(7), Governor.none()).state();
    given = watched.given;
    tiny.train(on, lesson(4, 6), domain(7), Governor.none());
    assertEquals(given, watched.given, "one domain is held, whatever its size");
  }

  /** Trainers serve all learners of a job. */
  @Test
  void train_severalLearnersShareTheTrainers_eachHasItsShareOfWhatTheseHold() {
    ExchangeConfig config = config(1, 1, 2, "int4");
    for (int learners : new int[] {1, 4}) {
      LocalProcesses all = processes(config);
      Watched watched = new Watched(all);
      watched.learners = learners;
      DataParallelTrainers trainers = trainers(config, watched);
      int domains = DataParallelTrainers.HELD_DOMAINS / learners + 2;
      for (int i = 0; i < domains; i++) {
        trainers.train(fresh, lesson(4, 5), domain(i), Governor.none());
      }
      assertEquals(2 * (domains - 1), all.held(), learners + " learners");
    }
    LocalProcesses all = processes(config);
    Watched watched = new Watched(all);
    watched.learners = 2;
    long state = 3L * Float.BYTES * Parameters.count(fresh.weights());
    DataParallelTrainers trainers =
        new DataParallelTrainers(config, means(config), watched, 2 * 5 * state);
    for (int i = 0; i < 6; i++) {
      trainers.train(fresh, lesson(4, 5), domain(i), Governor.none());
    }
    assertEquals(2 * 3, all.held(), "two domains beside the last");
  }

  private Terms domain(int number) {
    return new Terms("/d" + number, terms.routing(), 1, TrainPrecision.FP32);
  }

  @Test
  void train_lessonsThatWereGivenUp_trainersHoldNothingOfThemAfterTheNext() {
    ExchangeConfig config = config(1, 2, 2, "int4");
    LocalProcesses all = processes(config);
    DataParallelTrainers trainers = trainers(config, all);
    trainers.train(fresh, lesson(4, 5), domain(0), Governor.none());
    int held = all.held();
    for (int i = 1; i < 5; i++) {
      Terms other = domain(i);
      assertThrows(
          CancellationException.class,
          () -> trainers.train(fresh, lesson(4, 5), other, () -> false));
    }
    assertTrue(all.held() > held, "they have begun");
    AdapterState on = trainers.train(fresh, lesson(4, 5), domain(4), Governor.none()).state();
    assertEquals(2 * held, all.held(), "of the first domain, and of the last");
    assertSame(
        trainers(config).train(on, lesson(4, 6), domain(4), Governor.none()).state(),
        trainers.train(on, lesson(4, 6), domain(4), Governor.none()).state());
  }

  @Test
  void train_givenUpWhenTrainersForgotADomain_itsStateIsSentAgain() {
    ExchangeConfig config = config(1, 1, 2, "int4");
    DataParallelTrainers trainers = trainers(config);
    AdapterState first = null;
    for (int i = 0; i <= DataParallelTrainers.HELD_DOMAINS; i++) {
      Terms other = domain(i);
      AdapterState state = trainers.train(fresh, lesson(4, 5), other, Governor.none()).state();
      first = i == 0 ? state : first;
    }
    AdapterState reached = first;
    Terms next = new Terms("/next", terms.routing(), 1, TrainPrecision.FP32);
    assertThrows(
        CancellationException.class, () -> trainers.train(fresh, lesson(4, 5), next, () -> false));
    Terms again = domain(0);
    assertSame(
        trainers(config).train(reached, lesson(4, 6), again, Governor.none()).state(),
        trainers.train(reached, lesson(4, 6), again, Governor.none()).state());
  }

  private abstract static class Counting implements Processes {
    private long calls;

    @Override
    public Call next() {
      return new Call(0, ++calls);
    }
  }

  @Test
  void train_lessonsOfManyDomainsThatWereGivenUp_leaveNothingBehind() {
    ExchangeConfig config = config(1, 1, 2, "int4");
    Trainee trainee = new Trainee(means(config), 0);
    Processes processes =
        new Counting() {
          @Override
          public List<Report> round(List<Order> round, Governor governor) {
            trainee.take(round.get(0));
            throw new CancellationException("given up");
          }
        };
    DataParallelTrainers trainers = trainers(config, processes);
    for (int i = 0; i < 5; i++) {
      Terms other = domain(i);
      assertThrows(
          CancellationException.class,
          () -> trainers.train(fresh, lesson(4, 5), other, Governor.none()));
    }
    assertEquals(1, trainee.lessons(), "the last");
  }

  @Test
  void train_nextLesson_sendsTheStateOnlyToTrainersThatDoNotHoldIt() {
    ExchangeConfig config = config(2, 2, 2, "int4");
    Watched watched = new Watched(processes(config));
    DataParallelTrainers trainers = trainers(config, watched);
    AdapterState first = train(trainers, fresh, lesson(40, 5)).state();
    assertEquals(2, watched.given, "both processes get the first");
    Lesson next = lesson(32, 6);
    AdapterState on = train(trainers, first, next).state();
    Terms heavy = new Terms(terms.domain(), terms.routing(), 4, TrainPrecision.FP32);
    AdapterState anchored = trainers.train(first, next, heavy, Governor.none()).state();
    assertEquals(2, watched.given, "they are there, for a second training of a lesson too");
    AdapterState after = train(trainers, on, lesson(24, 7)).state();
    assertEquals(2, watched.given, "and where the first of two trainings led");
    train(trainers, anchored.toward(on, 0.5), lesson(24, 8));
    assertEquals(4, watched.given, "between two trainings nobody is");
    DataParallelTrainers restarted = trainers(config);
    assertSame(on, train(restarted, first, next).state());
    assertSame(after, train(restarted, on, lesson(24, 7)).state());
  }

  @Test
  void train_inThePrecisionOfTheTerms_whateverATrainersOwnPlanSays() {
    ExchangeConfig config = config(2, 2, 2, "int4");
    Terms bf16 = new Terms(terms.domain(), terms.routing(), 1, TrainPrecision.BF16);
    trainers(config).train(fresh, lesson(8, 5), bf16, Governor.none());
    assertEquals(Products.BF16, base.products());
  }

  @Test
  void train_byAnotherTeam_goesOnWithTheMomentsOfTheFirst() {
    ExchangeConfig four = config(2, 2, 2, "int4");
    AdapterState state = train(trainers(four), fresh, lesson(40, 5)).state();
    ExchangeConfig two = config(2, 1, 1, "dense");
    AdapterState on = train(trainers(two), state, lesson(24, 6)).state();
    AdapterState forgetful =
        new AdapterState(
            state.weights(),
            new float[state.first().length],
            new float[state.second().length],
            state.step());
    AdapterState without = train(trainers(two), forgetful, lesson(24, 6)).state();
    assertEquals(without.step(), on.step());
    assertFalse(Arrays.equals(values(on), values(without)), "moments count");
  }

  @Test
  void train_trainersThatLostWhatTheyHeld_areFoundOut() {
    ExchangeConfig config = config(2, 1, 2, "int8");
    Replaced replaced = new Replaced(processes(config));
    DataParallelTrainers trainers = trainers(config, replaced);
    AdapterState state = train(trainers, fresh, lesson(24, 4)).state();
    replaced.now = processes(config);
    IllegalStateException gone =
        assertThrows(IllegalStateException.class, () -> train(trainers, state, lesson(24, 5)));
    assertTrue(gone.getMessage().contains("holds no state"), gone.getMessage());
  }

  /** The gradients would be averaged in, and nobody could tell why training again differs. */
  @Test
  void train_aTrainerWithOtherAnchorsOrAnotherBase_isRefusedByName() {
    ExchangeConfig config = config(2, 2, 2, "int8");
    List<int[]> others = anchors.subList(1, 40);
    BaseModel another = new BigramBase("c".repeat(64), Bigrams.known());
    for (boolean ofBase : new boolean[] {false, true}) {
      Trainee.Means own = means(config);
      Trainee.Means other =
          new Trainee.Means(
              ofBase ? another : base, ofBase ? anchors : others, TRAIN, own.plan(), own.codec());
      DataParallelTrainers trainers = trainers(config, new LocalProcesses(other, config));
      IllegalStateException refused =
          assertThrows(IllegalStateException.class, () -> train(trainers, fresh, lesson(24, 5)));
      assertEquals(
          "trainer 0 of 0 /cloud has %s, those of learn: base.dir is not the same everywhere"
              .formatted(
                  ofBase
                      ? "base %s, expected %s".formatted(another.id(), base.id())
                      : "anchors %s, expected %s"
                          .formatted(AnchorDigest.of(others), AnchorDigest.of(anchors))),
          refused.getMessage());
    }
  }

  @Test
  void train_refusedAgainAndAgain_holdsNoMoreThanOneLessonLedTo() {
    ExchangeConfig config = config(1, 1, 2, "sign");
    Trainee trainee = new Trainee(means(config), 0);
    Combiner combiner = new Combiner(config.codec(), 1);
    Processes single =
        new Counting() {
          @Override
          public List<Report> round(List<Order> orders, Governor governor) {
            Trainee.Work work = trainee.take(orders.get(0));
            Trainee.Taken done = work == null ? null : work.run(governor);
            assertTrue(done == null || done.nanos() > 0, "steps take time");
            return List.of(combiner.take(trainee.done(orders.get(0), done)));
          }
        };
    DataParallelTrainers trainers = trainers(config, single);
    AdapterState start = train(trainers, fresh, lesson(12, 3)).state();
    for (int i = 0; i < 4; i++) {
      train(trainers, start, lesson(12, 10 + i));
    }
    assertEquals(2, trainee.held(), "where it began, and the last that was refused");
    assertEquals(0, combiner.lessons());
    assertEquals(0, trainee.lessons());
  }

  /** Whoever computes otherwise would average in gradients of other weights from then on. */
  @Test
  void train_trainerComesToAnotherStateThanWhoLeads_failsAndNamesBoth() {
    ExchangeConfig config = config(1, 1, 2, "int4");
    Processes trained = processes(config);
    Processes other =
        new Processes() {
          @Override
          public Call next() {
            return trained.next();
          }

          @Override
          public List<Report> round(List<Order> orders, Governor governor) {
            return trained.round(
                orders.stream()
                    .map(o -> o.reached().isEmpty() ? o : Configs.with(o, "reached", "another"))
                    .toList(),
                governor);
          }
        };
    DataParallelTrainers trainers = trainers(config, other);
    IllegalStateException failed =
        assertThrows(IllegalStateException.class, () -> train(trainers, fresh, lesson(8, 5)));
    assertTrue(failed.getMessage().endsWith(", expected another"), failed::getMessage);
  }

  /** As with one trainer: what it was to learn would stand in the manifest as learned. */
  @Test
  void train_oneTrainerBreaksOff_theLessonIsRefusedAndTheNextIsAsIfItHadNotBeen() {
    base.poison(POISON);
    List<Remembered> texts = new ArrayList<>(lesson(21, 5).fresh());
    texts.add(new Remembered("p", new Origin("t", 0, 0), new int[] {1, POISON, 2}));
    ExchangeConfig config = config(2, 2, 2, "sign");
    DataParallelTrainers trainers = trainers(config);
    Lesson poisoned = new Lesson(texts, List.of(), List.of(), 5);
    Training training = train(trainers, fresh, poisoned);
    assertTrue(training.trouble().contains("expected finite"), training.trouble());
    assertEquals(fresh, training.state());
    AdapterState calm = train(trainers(config), fresh, lesson(21, 6)).state();
    assertSame(calm, train(trainers, fresh, lesson(21, 6)).state());
  }

  @Test
  void train_allBreakOff_saysWhyAndChangesNothing() {
    base.poison(1);
    List<Remembered> texts =
        IntStream.range(0, 4)
            .mapToObj(i -> new Remembered("p", new Origin("t", 0, 0), new int[] {1, 1, 1}))
            .toList();
    ExchangeConfig config = config(2, 2, 2, "sign");
    Training training = train(trainers(config), fresh, new Lesson(texts, List.of(), List.of(), 5));
    assertTrue(training.trouble().startsWith("step 0: loss"), training.trouble());
    assertEquals(fresh, training.state());
  }

  @Test
  void train_nothingToLearn_isNoTrouble() {
    ExchangeConfig config = config(2, 2, 2, "sign");
    Lesson nothing = new Lesson(List.of(), List.of(), List.of(), 5);
    Training training = train(trainers(config), fresh, nothing);
    assertEquals("", training.trouble());
    assertEquals(fresh, training.state());
  }

  /** The governor is asked before each step of each trainer: it gives up at any of them. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 7, 9, 15, 22})
  void train_givenUpAnywhere_isNotGoneOnFrom(int after) {
    ExchangeConfig config = config(2, 2, 2, "int4");
    DataParallelTrainers trainers = trainers(config);
    AdapterState state = train(trainers, fresh, lesson(40, 4)).state();
    int[] left = {after};
    assertThrows(
        CancellationException.class,
        () -> trainers.train(state, lesson(40, 5), terms, () -> left[0]-- > 0));
    for (Lesson next : List.of(lesson(24, 4), lesson(24, 5), lesson(24, 6))) {
      for (AdapterState from : List.of(state, fresh)) {
        AdapterState again = train(trainers, from, next).state();
        AdapterState calm = train(trainers(config), from, next).state();
        assertSame(calm, again);
      }
    }
  }

  @Test
  void deal_textsOfAllLengths_givesEachAsManyTextsAndTokens() {
    List<Remembered> texts = new ArrayList<>();
    for (int length : new int[] {90, 10, 80, 20, 70, 30, 60, 40}) {
      texts.add(new Remembered("s", new Origin("t", 0, 0), new int[length]));
    }
    List<Share> shares = Share.deal(new Lesson(texts, List.of(), List.of(), 1), 4);
    for (Share share : shares) {
      assertEquals(2, share.fresh().size());
      assertEquals(100, share.fresh().stream().mapToInt(t -> t.length).sum());
    }
    assertEquals(4, shares.stream().map(Share::seed).distinct().count());
  }
}
