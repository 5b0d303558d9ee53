package dev.millrace.job.bench.train;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.bench.experts.CrossedBytes;
import dev.millrace.job.bench.experts.ExpertsJob;
import dev.millrace.job.bench.experts.HiddenBatch;
import dev.millrace.job.bench.experts.SplitPlan;
import dev.millrace.job.bench.experts.SplitPlan.Copying;
import dev.millrace.job.bench.experts.StoredRows;
import dev.millrace.job.bench.measure.Estimate;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.embedded.TempDirectory;
import dev.millrace.model.base.ExpertLayer;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.ExpertLayers;
import dev.millrace.model.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.accumulators.DoubleMaximum;
import org.apache.flink.api.common.accumulators.LongMaximum;
import org.apache.flink.api.common.accumulators.LongMinimum;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** A layer of nano whose experts lie in two task managers: what crosses, and what it takes. */
final class ExpertSplit {

  private static final int LAYER = 2;
  private static final int GROUPS = 2;
  private static final int PARTS = 2;
  private static final int TEXTS = 64;
  private static final int BATCHES = 640;

  private ExpertSplit() {}

  /**
   * A way to run the layer.
   *
   * @param split whether its experts lie apart
   * @param expected the file of what the layer answers when nothing is split
   * @param greatest of these values
   */
  private record Way(String title, boolean split, SplitPlan plan, Path expected, double greatest) {}

  /** What a job told. */
  private record Took(double millis, double bytes, double copies, double difference) {}

  static Table table(Setting setting) throws Exception {
    try (TempDirectory scratch = TempDirectory.create()) {
      Path rows = scratch.resolve("rows");
      List<float[]> inputs = ExpertLayers.inputs(setting.nano(), LAYER, texts(setting));
      SplitPlan flat = plan(setting, GROUPS, Copying.EACH_EXPERT);
      SplitPlan once = plan(setting, GROUPS, Copying.EACH_GROUP);
      SplitPlan near = plan(setting, 1, Copying.EACH_GROUP);
      Path all = scratch.resolve("all");
      Path limited = scratch.resolve("limited");
      double greatest = write(once, inputs, all);
      List<Way> ways =
          List.of(
              new Way("all experts in each", false, once, all, greatest),
              new Way("split, a copy an expert", true, flat, all, greatest),
              new Way("split, a copy a group", true, once, all, greatest),
              new Way(
                  "split, experts of one group a token",
                  true,
                  near,
                  limited,
                  write(near, inputs, limited)));
      int d = MoeConfigs.read(setting.nano().resolve("config.json")).hiddenSize();
      StoredRows.write(rows, inputs, d);
      double tokens = inputs.stream().mapToInt(one -> one.length / d).average().orElseThrow();
      return table(setting, ways, rows, tokens);
    }
  }

  private static SplitPlan plan(Setting setting, int limit, Copying copying) throws IOException {
    return SplitPlan.of(setting.nano(), LAYER, GROUPS, PARTS, limit, copying);
  }

  /** Writes what the unsplit layer answers; gives the greatest value. */
  private static double write(SplitPlan plan, List<float[]> inputs, Path file) throws IOException {
    try (ExpertLayer whole = plan.openWhole()) {
      List<float[]> answers = inputs.stream().map(whole::run).toList();
      StoredRows.write(file, answers, whole.hiddenSize());
      double greatest = 0;
      for (float[] answer : answers) {
        for (float value : answer) {
          greatest = Math.max(greatest, Math.abs(value));
        }
      }
      return greatest;
    }
  }

  private static List<int[]> texts(Setting setting) throws Exception {
    try (Tokenizer tokenizer = setting.tokenizer()) {
      List<int[]> texts = new ArrayList<>();
      BaseTexts.protectedSets(setting.nano(), tokenizer)
          .forEach(set -> texts.addAll(set.sequences()));
      Collections.shuffle(texts, new Random(setting.seed()));
      return texts.subList(0, TEXTS);
    }
  }

  private static Table table(Setting setting, List<Way> ways, Path rows, double tokens)
      throws Exception {
    Table table =
        Table.of(
            "Layer %d of nano, its experts in %d task managers of %d tasks, %d batches of %.0f tokens"
                .formatted(LAYER, GROUPS, PARTS, BATCHES, tokens),
            "experts | copies that cross, a token | bytes there and back, a token | ms a batch (95 %) | greatest difference / value");
    double[][] millis = new double[ways.size()][setting.rounds()];
    List<Took> last = new ArrayList<>();
    for (Way way : ways) {
      last.add(run(way, rows)); // warms up
    }
    for (int round = 0; round < setting.rounds(); round++) {
      for (int turn = 0; turn < ways.size(); turn++) {
        int next = (round + turn) % ways.size();
        last.set(next, run(ways.get(next), rows));
        millis[next][round] = last.get(next).millis;
      }
      setting.tell("experts in two task managers, round %d", round + 1);
    }
    for (int i = 0; i < ways.size(); i++) {
      Took took = last.get(i);
      double all = BATCHES * tokens;
      table.row(
          ways.get(i).title,
          took.copies / all,
          took.bytes / all,
          Estimate.of(millis[i]),
          took.difference / ways.get(i).greatest);
    }
    return table.note(
        "Both task managers in this process, joined by TCP on loopback; batches begin in both. Ways take turns. Difference: to the layer as it is when nothing is split, in fp32, as a share of its greatest value; the order of sums alone makes it.");
  }

  private static Took run(Way way, Path rows) throws Exception {
    Configuration cluster = new Configuration();
    cluster.set(TaskManagerOptions.MINI_CLUSTER_NUM_TASK_MANAGERS, GROUPS);
    cluster.set(TaskManagerOptions.NUM_TASK_SLOTS, 1);
    CrossedBytes.countIn(cluster);
    CrossedBytes.forget();
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.createLocalEnvironment(GROUPS, cluster);
    env.setBufferTimeout(0); // a record is a batch
    DataStream<HiddenBatch> answers =
        way.split
            ? ExpertsJob.build(env, way.plan, BATCHES, new StoredRows(rows))
            : env.fromSequence(0, BATCHES - 1)
                .map(new StoredRows(rows), TypeInformation.of(HiddenBatch.class))
                .map(new Whole(way.plan), TypeInformation.of(HiddenBatch.class));
    answers
        .map(new Compared(way.expected), TypeInformation.of(HiddenBatch.class))
        .sinkTo(new DiscardingSink<>());
    JobExecutionResult result = env.execute(way.title);
    long first = result.getAccumulatorResult(Compared.FIRST);
    long last = result.getAccumulatorResult(Compared.LAST);
    long copies = way.split ? result.<Long>getAccumulatorResult(ExpertsJob.COPIES) : 0;
    double difference = result.getAccumulatorResult(Compared.DIFFERENCE);
    double bytes = CrossedBytes.byTask().values().stream().mapToLong(Long::longValue).sum();
    return new Took((last - first) / 1e6 / (BATCHES - 1), bytes, copies, difference);
  }

  /** The whole layer in a task. */
  @SuppressWarnings("NullAway.Init") // open sets the transient field
  private static final class Whole extends RichMapFunction<HiddenBatch, HiddenBatch> {
    private final SplitPlan plan;
    private transient ExpertLayer layer;

    Whole(SplitPlan plan) {
      this.plan = plan;
    }

    @Override
    public void open(OpenContext context) throws Exception {
      layer = plan.openWhole();
    }

    @Override
    public HiddenBatch map(HiddenBatch batch) {
      return new HiddenBatch(batch.batch(), layer.run(batch.rows()));
    }

    @Override
    public void close() {
      if (layer != null) {
        layer.close();
      }
    }
  }

  /** Tells when the first and the last answer came, and how far they are from others. */
  @SuppressWarnings("NullAway.Init") // open sets the transient fields
  private static final class Compared extends RichMapFunction<HiddenBatch, HiddenBatch> {
    private static final String FIRST = "first";
    private static final String LAST = "last";
    private static final String DIFFERENCE = "difference";

    private final StoredRows others;
    private transient LongMinimum first;
    private transient LongMaximum last;
    private transient DoubleMaximum difference;

    Compared(Path others) {
      this.others = new StoredRows(others);
    }

    @Override
    public void open(OpenContext context) throws Exception {
      others.open(context);
      first = new LongMinimum();
      last = new LongMaximum();
      difference = new DoubleMaximum();
      getRuntimeContext().addAccumulator(FIRST, first);
      getRuntimeContext().addAccumulator(LAST, last);
      getRuntimeContext().addAccumulator(DIFFERENCE, difference);
    }

    @Override
    public HiddenBatch map(HiddenBatch batch) {
      long now = System.nanoTime();
      first.add(now);
      last.add(now);
      float[] other = others.map(batch.batch()).rows();
      for (int i = 0; i < other.length; i++) {
        difference.add(Math.abs((double) batch.rows()[i] - other[i]));
      }
      return batch;
    }

    @Override
    public void close() throws Exception {
      others.close();
    }
  }
}
