package dev.millrace.job.operator.learn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.exchange.Call;
import dev.millrace.adapter.exchange.Combiner;
import dev.millrace.adapter.exchange.DataParallelTrainers;
import dev.millrace.adapter.exchange.ExchangeConfig;
import dev.millrace.adapter.exchange.LocalProcesses;
import dev.millrace.adapter.exchange.Order;
import dev.millrace.adapter.exchange.Processes;
import dev.millrace.adapter.exchange.Report;
import dev.millrace.adapter.exchange.Told;
import dev.millrace.adapter.exchange.Trainee;
import dev.millrace.adapter.exchange.Update;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.Terms;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.job.operator.Courtesy;
import dev.millrace.job.operator.Opened;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One trainer of a process that hears of several lessons at once. */
@Timeout(120)
class TrainOperatorTest {

  private static final Path GOLDEN =
      Path.of(
          System.getProperty("millrace.root"),
          "model-runtime/src/test/resources/golden/olmoe-tiny");
  private static final ExchangeConfig ALONE = new ExchangeConfig(1, 1, 2, "int4", 1_000);
  private static BaseModel base;

  @BeforeAll
  static void open() throws Exception {
    base = DjlModels.open(GOLDEN, Precision.FLOAT32);
  }

  @AfterAll
  static void close() {
    base.close();
  }

  /** What was said in a lesson, by a learner and by who trained for it alone. */
  private static final class Script implements Processes {
    private final Call call;
    private final LocalProcesses trainers = new LocalProcesses(means(), ALONE);
    private final List<Order> orders = new ArrayList<>();
    private final List<Report> reports = new ArrayList<>();

    Script(int learner, long number) {
      this.call = new Call(learner, number);
    }

    /** Learns a lesson of a domain. */
    static Script of(int learner, long number, String domain, long seed) {
      Script script = new Script(learner, number);
      AdapterState fresh =
          AdapterState.fresh(
              LoraWeights.initial(
                  new LoraConfig(4, 8, false, List.of("q_proj", "v_proj")), base.sites(), seed));
      Routing routing = Routing.topK(base.config().router().topK());
      new DataParallelTrainers(ALONE, means(), script)
          .train(
              fresh,
              lesson(seed),
              new Terms(domain, routing, 1, TrainPrecision.FP32),
              Governor.none());
      assertTrue(script.orders.size() > 2, "several rounds");
      return script;
    }

    @Override
    public Call next() {
      return call;
    }

    @Override
    public List<Report> round(List<Order> all, Governor governor) {
      List<Report> said = trainers.round(all, governor);
      orders.addAll(all);
      reports.addAll(said);
      return said;
    }
  }

  private static Trainee.Means means() {
    return new Trainee.Means(
        base, List.of(), TrainConfig.defaults(), Plan.defaults(), ALONE.codec());
  }

  private static Lesson lesson(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Remembered> texts = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      int[] tokens = random.ints(12, 0, base.config().vocabSize()).toArray();
      texts.add(new Remembered("s" + i, new Origin("t", 0, i), tokens));
    }
    return new Lesson(texts, List.of(), List.of(), seed);
  }

  private static OneInputStreamOperatorTestHarness<Order, Update> trainer() throws Exception {
    var harness =
        new OneInputStreamOperatorTestHarness<Order, Update>(
            new TrainOperatorFactory(
                subtask -> new Opened<>(means(), () -> {}), 0, new Courtesy(0, 0)));
    harness.open();
    return harness;
  }

  /** What comes next; work is done beside the task. */
  private static Update next(OneInputStreamOperatorTestHarness<Order, Update> harness)
      throws Exception {
    while (harness.getOutput().isEmpty()) {
      harness.getTaskMailbox().take(0).run();
    }
    StreamRecord<?> record = (StreamRecord<?>) Objects.requireNonNull(harness.getOutput().poll());
    return (Update) record.getValue();
  }

  private static void assertSays(Report expected, Combiner combiner, Update update) {
    Report report = Objects.requireNonNull(combiner.take(update));
    assertEquals(expected.call(), report.call());
    assertEquals(expected.round(), report.round());
    assertArrayEquals(expected.message(), report.message());
    assertEquals(timeless(expected.told()), timeless(report.told()));
  }

  /** All that is the same whenever steps are taken. */
  private static List<Told> timeless(List<Told> told) {
    return told.stream()
        .map(of -> new Told(of.trouble(), of.steps(), of.tokens(), of.losses(), of.worstNorm(), 0))
        .toList();
  }

  @Test
  void processElement_lessonsOfTwoLearnersInTurns_trainsEachAsIfAlone() throws Exception {
    List<Script> scripts = List.of(Script.of(0, 1, "/cloud", 1), Script.of(1, 1, "/legal", 2));
    List<Combiner> combiners = List.of(new Combiner("int4", 1), new Combiner("int4", 1));
    try (var harness = trainer()) {
      for (int round = 0; round < scripts.get(0).orders.size(); round++) {
        for (Script script : scripts) {
          harness.processElement(script.orders.get(round), 0);
        }
        for (int s = 0; s < scripts.size(); s++) {
          assertSays(scripts.get(s).reports.get(round), combiners.get(s), next(harness));
        }
      }
    }
  }

  @Test
  void processElement_theNextLessonBeforeTheLastIsDone_givesThatUpAndTrainsThis() throws Exception {
    Script first = Script.of(0, 1, "/cloud", 3);
    Script second = Script.of(0, 2, "/cloud", 4);
    Combiner combiner = new Combiner("int4", 1);
    try (var harness = trainer()) {
      harness.processElement(first.orders.get(0), 0);
      for (int round = 0; round < second.orders.size(); round++) {
        harness.processElement(second.orders.get(round), 0);
        assertSays(second.reports.get(round), combiner, next(harness));
      }
      assertTrue(harness.getOutput().isEmpty());
    }
  }

  /** Before a barrier behind the order can pass: learn waits for nobody to have compared. */
  @Test
  void processElement_theLastOrderNamesAnotherState_failsAtOnce() throws Exception {
    Script script = Script.of(0, 1, "/cloud", 5);
    int last = script.orders.size() - 1;
    try (var harness = trainer()) {
      for (Order order : script.orders.subList(0, last)) {
        harness.processElement(order, 0);
        next(harness);
      }
      Order right = script.orders.get(last);
      Order wrong =
          new Order(
              right.call(),
              right.round(),
              right.domain(),
              right.process(),
              null,
              right.message(),
              right.from(),
              right.to(),
              "another");
      IllegalStateException failure =
          assertThrows(IllegalStateException.class, () -> harness.processElement(wrong, 0));
      assertTrue(failure.getMessage().contains("expected another"), failure.getMessage());
    }
  }
}
