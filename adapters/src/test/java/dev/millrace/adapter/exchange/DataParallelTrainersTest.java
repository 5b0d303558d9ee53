package dev.millrace.adapter.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.bigram.BigramBase;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Parameters;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.Span;
import dev.millrace.adapter.train.Terms;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DataParallelTrainersTest {

  private static final int POISON = 3;
  private static final TrainConfig TRAIN = TrainConfig.defaults();

  private final BigramBase base = new BigramBase(Bigrams.known());
  private final List<int[]> anchors = Bigrams.known().texts(40, 21);
  private final Terms terms = new Terms("/cloud", Routing.topK(base.config().router().topK()), 1);
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

  private DataParallelTrainers trainers(ExchangeConfig config, Processes processes) {
    return new DataParallelTrainers(config, TRAIN, anchors, processes);
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
  private float[] naive(Lesson lesson, int processes, int trainers, int each) {
    List<Share> shares = Share.deal(lesson, processes * trainers);
    Trainer trainer = Trainer.of(base, TRAIN, Plan.defaults());
    List<AdapterState> states = new ArrayList<>(Collections.nCopies(processes * trainers, fresh));
    int steps =
        shares.stream()
            .mapToInt(share -> Trainer.steps(TRAIN, share.lesson(anchors)))
            .max()
            .orElseThrow();
    for (int at = 0; at < steps; at += each) {
      float[] shared = values(states.get(0));
      double[] sum = new double[shared.length];
      int come = 0;
      for (int p = 0; p < processes; p++) {
        double[] own = new double[shared.length];
        int took = 0;
        for (int t = 0; t < trainers; t++) {
          int i = p * trainers + t;
          Lesson mine = shares.get(i).lesson(anchors);
          Span span = new Span(at, at + each);
          Training training = trainer.train(states.get(i), mine, span, Governor.none());
          took += training.steps() > 0 ? 1 : 0;
          AdapterState trained = training.state();
          states.set(i, trained);
          float[] learned = values(trained);
          for (int k = 0; k < own.length; k++) {
            own[k] += learned[k] - shared[k];
          }
        }
        come += took > 0 ? 1 : 0;
        for (int k = 0; k < own.length && took > 0; k++) {
          sum[k] += (float) (own[k] / took);
        }
      }
      for (int k = 0; k < shared.length; k++) {
        shared[k] += (float) (sum[k] / come);
      }
      for (int i = 0; i < states.size(); i++) {
        states.set(i, states.get(i).at(Parameters.unflatten(shared, fresh.weights())));
      }
    }
    return values(states.get(0));
  }

  @Test
  void train_severalRoundsDense_isWhatPlainRoundsLeadTo() {
    ExchangeConfig config = config(2, 2, 2, "dense");
    Lesson lesson = lesson(40, 5);
    Training training =
        trainers(config, processes(config)).train(fresh, lesson, terms, Governor.none());
    assertArrayEquals(naive(lesson, 2, 2, 2), values(training.state()));
    assertEquals("", training.trouble());
    assertTrue(training.steps() > 4, training + " has several rounds");
    assertEquals(training.steps(), training.state().step());
    assertTrue(training.lastLoss() < training.firstLoss(), training.toString());
  }

  @Test
  void train_nextLesson_goesOnWithTheMomentsThatEachTrainerKept() {
    ExchangeConfig config = config(2, 2, 2, "sign");
    LocalProcesses processes = processes(config);
    DataParallelTrainers trainers = trainers(config, processes);
    AdapterState first = trainers.train(fresh, lesson(40, 5), terms, Governor.none()).state();
    Lesson next = lesson(32, 6);
    float[] on = values(trainers.train(first, next, terms, Governor.none()).state());
    LocalProcesses restored = processes.copy(means(config), config);
    float[] again =
        values(trainers(config, restored).train(first, next, terms, Governor.none()).state());
    assertArrayEquals(on, again, "a restored team, the lesson taught twice");
    AdapterState forgetful = first.withOwnMoments();
    float[] without = values(trainers.train(forgetful, next, terms, Governor.none()).state());
    assertFalse(java.util.Arrays.equals(on, without), "moments and memory count");
  }

  @Test
  void train_twoTrainingsOfALesson_mayGoOnFromEither() {
    ExchangeConfig config = config(2, 1, 2, "int8");
    DataParallelTrainers trainers = trainers(config, processes(config));
    AdapterState start = trainers.train(fresh, lesson(24, 4), terms, Governor.none()).state();
    Lesson lesson = lesson(24, 5);
    AdapterState plain = trainers.train(start, lesson, terms, Governor.none()).state();
    Terms heavy = new Terms(terms.domain(), terms.routing(), 4);
    AdapterState anchored = trainers.train(start, lesson, heavy, Governor.none()).state();
    AdapterState between = anchored.toward(plain, 0.5);
    Training next = trainers.train(between, lesson(24, 6), terms, Governor.none());
    assertEquals("", next.trouble());
    assertTrue(next.state().step() > between.step(), next.toString());
    IllegalStateException gone =
        assertThrows(
            IllegalStateException.class,
            () -> trainers.train(start, lesson(24, 7), terms, Governor.none()));
    assertTrue(gone.getMessage().startsWith("nothing is kept of training " + start.kept()));
  }

  @Test
  void train_refusedAgainAndAgain_keepsNoMoreThanOneLessonLedTo() {
    ExchangeConfig config = config(1, 2, 2, "sign");
    Trainee trainee = new Trainee(means(config), 0);
    Combiner combiner = new Combiner(config.codec(), 1);
    ExchangeConfig one = config(1, 1, 2, "sign");
    Processes single =
        new Processes() {
          private long calls;

          @Override
          public Call next() {
            return new Call(0, ++calls);
          }

          @Override
          public List<Report> round(List<Order> orders, Governor governor) {
            Trainee.Work work = trainee.take(orders.get(0));
            Training done = work == null ? null : work.run(governor);
            return List.of(combiner.take(trainee.done(orders.get(0), done)));
          }
        };
    DataParallelTrainers trainers = trainers(one, single);
    AdapterState start = trainers.train(fresh, lesson(12, 3), terms, Governor.none()).state();
    for (int i = 0; i < 4; i++) {
      trainers.train(start, lesson(12, 10 + i), terms, Governor.none());
    }
    assertEquals(2, trainee.state().size(), "where it began, and the last that was refused");
    assertEquals(2, combiner.state().size());
  }

  @Test
  void train_aTrainerThatBreaksOff_isTakenAlongByTheOthers() {
    base.poison(POISON);
    List<Remembered> texts = new ArrayList<>(lesson(21, 5).fresh());
    texts.add(new Remembered("p", new Origin("t", 0, 0), new int[] {1, POISON, 2}));
    Lesson lesson = new Lesson(texts, List.of(), List.of(), 5);
    ExchangeConfig config = config(2, 2, 2, "sign");
    Training training =
        trainers(config, processes(config)).train(fresh, lesson, terms, Governor.none());
    assertEquals("", training.trouble());
    assertFalse(java.util.Arrays.equals(values(fresh), values(training.state())));
  }

  @Test
  void train_allBreakOff_saysWhyAndChangesNothing() {
    base.poison(1);
    List<Remembered> texts =
        IntStream.range(0, 4)
            .mapToObj(i -> new Remembered("p", new Origin("t", 0, 0), new int[] {1, 1, 1}))
            .toList();
    ExchangeConfig config = config(2, 2, 2, "sign");
    Training training =
        trainers(config, processes(config))
            .train(fresh, new Lesson(texts, List.of(), List.of(), 5), terms, Governor.none());
    assertTrue(training.trouble().startsWith("step 0: loss"), training.trouble());
    assertEquals(fresh, training.state());
  }

  @Test
  void train_nothingToLearn_isNoTrouble() {
    ExchangeConfig config = config(2, 2, 2, "sign");
    Lesson nothing = new Lesson(List.of(), List.of(), List.of(), 5);
    Training training =
        trainers(config, processes(config)).train(fresh, nothing, terms, Governor.none());
    assertEquals("", training.trouble());
    assertEquals(fresh, training.state());
  }

  @Test
  void train_givenUp_isNotGoneOnFrom() {
    ExchangeConfig config = config(2, 2, 2, "sign");
    LocalProcesses processes = processes(config);
    DataParallelTrainers trainers = trainers(config, processes);
    int[] left = {9};
    assertThrows(
        CancellationException.class,
        () -> trainers.train(fresh, lesson(40, 5), terms, () -> left[0]-- > 0));
    float[] again = values(trainers.train(fresh, lesson(40, 5), terms, Governor.none()).state());
    float[] calm =
        values(
            trainers(config, processes(config))
                .train(fresh, lesson(40, 5), terms, Governor.none())
                .state());
    assertArrayEquals(calm, again);
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
