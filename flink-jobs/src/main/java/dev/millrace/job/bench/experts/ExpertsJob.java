package dev.millrace.job.bench.experts;

import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Batches of rows through one layer whose experts lie in several task managers: route, deal,
 * compute, combine, add.
 */
public final class ExpertsJob {

  /** The accumulator of copies whose experts lie in another group than where the batch began. */
  public static final String COPIES = "copies that cross";

  /** Names the subtasks that Flink is to run side by side. */
  private static final String GROUP = "experts of a group";

  private ExpertsJob() {}

  /**
   * Builds the job. Batches begin and end in every group, which needs a slot; give each task
   * manager one.
   *
   * @param batches how many there are, numbered from 0
   * @param rows finds the rows of a batch
   * @return what the layer's experts answer to each batch, once
   */
  public static SingleOutputStreamOperator<HiddenBatch> build(
      StreamExecutionEnvironment env,
      SplitPlan plan,
      long batches,
      MapFunction<Long, HiddenBatch> rows) {
    int groups = plan.placement().groups();
    DataStream<Long> numbers = env.fromSequence(0, batches - 1).setParallelism(groups);
    numbers.getTransformation().setCoLocationGroupKey(GROUP);
    SingleOutputStreamOperator<Copies> dealt =
        numbers
            .map(rows, TypeInformation.of(HiddenBatch.class))
            .name("rows")
            .setParallelism(groups)
            .flatMap(new RouteFunction(plan), TypeInformation.of(Copies.class))
            .name("route")
            .setParallelism(groups)
            .partitionCustom((group, subtasks) -> group, Copies::group)
            .map(copies -> copies, TypeInformation.of(Copies.class))
            .name("deal")
            .setParallelism(groups);
    dealt.getTransformation().setCoLocationGroupKey(GROUP);
    var added =
        combined(dealt, plan)
            .partitionCustom((origin, subtasks) -> origin, Sums::origin)
            .flatMap(AddFunction.groups(groups, plan.keysOfToken()), TypeInformation.of(Sums.class))
            .name("add")
            .setParallelism(groups);
    added.getTransformation().setCoLocationGroupKey(GROUP);
    return added
        .map(
            sums -> new HiddenBatch(sums.batch(), sums.rows()),
            TypeInformation.of(HiddenBatch.class))
        .name("whole")
        .setParallelism(groups);
  }

  /** The parts of a group are tasks of its slot: between them nothing crosses a network. */
  private static SingleOutputStreamOperator<Sums> combined(
      SingleOutputStreamOperator<Copies> dealt, SplitPlan plan) {
    DataStream<Sums> sums = part(dealt, plan, 0);
    for (int part = 1; part < plan.placement().parts(); part++) {
      sums = sums.union(part(dealt, plan, part));
    }
    var combined =
        sums.flatMap(AddFunction.parts(plan.placement().parts()), TypeInformation.of(Sums.class))
            .name("combine")
            .setParallelism(dealt.getParallelism());
    combined.getTransformation().setCoLocationGroupKey(GROUP);
    return combined;
  }

  private static DataStream<Sums> part(
      SingleOutputStreamOperator<Copies> dealt, SplitPlan plan, int part) {
    var experts =
        dealt
            .map(new ExpertsFunction(plan, part), TypeInformation.of(Sums.class))
            .name("experts " + part)
            .setParallelism(dealt.getParallelism())
            .startNewChain();
    experts.getTransformation().setCoLocationGroupKey(GROUP);
    return experts;
  }
}
