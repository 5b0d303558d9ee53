package dev.millrace.job;

import dev.millrace.adapter.align.AlignmentLearner;
import dev.millrace.adapter.exchange.ExchangeConfig;
import dev.millrace.adapter.exchange.Order;
import dev.millrace.adapter.exchange.Report;
import dev.millrace.adapter.exchange.Trainee;
import dev.millrace.adapter.exchange.Update;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.KafkaTopics;
import dev.millrace.job.io.KafkaTopics.Start;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.operator.Courtesy;
import dev.millrace.job.operator.Decode;
import dev.millrace.job.operator.DomainKey;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.Outputs;
import dev.millrace.job.operator.gather.AssignOperator;
import dev.millrace.job.operator.gather.Assigning;
import dev.millrace.job.operator.gather.BatchOperator;
import dev.millrace.job.operator.gather.Labelled;
import dev.millrace.job.operator.learn.CombineFunction;
import dev.millrace.job.operator.learn.LearnOperatorFactory;
import dev.millrace.job.operator.learn.LearnerOpener;
import dev.millrace.job.operator.learn.ReturnFunction;
import dev.millrace.job.operator.learn.ScoreOperator;
import dev.millrace.job.operator.learn.TrainOperatorFactory;
import dev.millrace.model.score.Scorer;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import java.time.Duration;
import java.time.InstantSource;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.operators.SlotSharingGroup;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamUtils;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Samples to releases: decode, score, batch, learn; all of a domain in one subtask, in order. */
public final class LearnJob {

  /**
   * Batches that may wait in a subtask, as its state. Past that its input waits too, and with it
   * every checkpoint that stands behind a batch there.
   */
  private static final int MAX_PENDING = 32;

  /** Names the subtasks that Flink is to run side by side. */
  private static final String CIRCLE = "circle";

  private static final Duration BUFFER_TIMEOUT = Duration.ofMillis(50);

  /** Of what others wait for: a record leaves at once, and not when more have come. */
  private static final int AT_ONCE = 0;

  private LearnJob() {}

  /** Builds the job that reads samples for ever, of the parts that the configuration names. */
  public static void build(StreamExecutionEnvironment env, MillraceConfig config) {
    build(
        env,
        config,
        Openers.assigning(config),
        Openers.scorers(config),
        Openers.learners(config),
        InstantSource.system());
  }

  /**
   * The same of other parts.
   *
   * @param clock says when the job was submitted; of two jobs that teach a domain the later counts
   */
  public static void build(
      StreamExecutionEnvironment env,
      MillraceConfig config,
      Opener<Assigning> assigning,
      Opener<Scorer> scorers,
      LearnerOpener learners,
      InstantSource clock) {
    Sources sources = topics(config)::source;
    build(env, config, sources, assigning, scorers, learners, clock.millis());
  }

  /** Builds the job that ends when it has learned the samples there are when it starts. */
  public static void buildBounded(
      StreamExecutionEnvironment env,
      MillraceConfig config,
      Opener<Assigning> assigning,
      Opener<Scorer> scorers,
      LearnerOpener learners,
      InstantSource clock) {
    Sources sources = topics(config)::boundedSource;
    build(env, config, sources, assigning, scorers, learners, clock.millis());
  }

  /** Reads topics, for ever or to their end. */
  private interface Sources {
    Source<RawRecord, ?, ?> of(String topic, Start start);
  }

  private static KafkaTopics topics(MillraceConfig config) {
    return new KafkaTopics(config.kafka(), config.job().name() + "-learn");
  }

  private static void build(
      StreamExecutionEnvironment env,
      MillraceConfig config,
      Sources sources,
      Opener<Assigning> assigning,
      Opener<Scorer> scorers,
      LearnerOpener learners,
      long submitted) {
    KafkaTopics topics = topics(config);
    JobSettings.apply(config, env, BUFFER_TIMEOUT, JobSettings.ROCKSDB);
    var decoded =
        env.fromSource(
                sources.of(topics.names().samples(), Start.COMMITTED),
                EventTime.watermarks(),
                "samples")
            .uid("samples")
            .process(new Decode<>(EventTime::sample), TypeInformation.of(Sample.class))
            .name("decode")
            .uid("decode");
    boolean assigns = config.unlabelled().assigns();
    var labelled = decoded.process(new Labelled(assigns)).name("label").uid("label");
    var assigned = assign(labelled.getSideOutput(Outputs.TO_ASSIGN), config, assigning);
    var orders = orders(env, sources.of(topics.names().releases(), Start.EARLIEST));
    Opener<AlignmentLearner> alignments = learners.alignments();
    var scored =
        score(labelled.union(assigned), only(orders, true), config, scorers, alignments, submitted);
    var batches = batch(scored, config);
    var verdicts = learn(batches, only(orders, false), config, learners, submitted);
    Sinks sinks = new Sinks(topics);
    sinks.rejected(
        decoded
            .getSideOutput(Outputs.REJECTED)
            .union(
                labelled.getSideOutput(Outputs.REJECTED),
                assigned.getSideOutput(Outputs.REJECTED),
                scored.getSideOutput(Outputs.REJECTED)));
    sinks.verdicts(verdicts.union(scored.getSideOutput(Outputs.VERDICTS)));
    sinks.releases(
        verdicts.getSideOutput(Outputs.RELEASES).union(scored.getSideOutput(Outputs.RELEASES)));
  }

  private static SingleOutputStreamOperator<Sample> assign(
      DataStream<Sample> samples, MillraceConfig config, Opener<Assigning> assigning) {
    return samples
        .keyBy(DomainKey::tenant, Types.STRING)
        .transform(
            "assign",
            TypeInformation.of(Sample.class),
            new AssignOperator(assigning, config.unlabelled()))
        .uid("assign");
  }

  private static SingleOutputStreamOperator<ScoredSample> score(
      DataStream<Sample> samples,
      DataStream<ReleaseEvent> orders,
      MillraceConfig config,
      Opener<Scorer> scorers,
      Opener<AlignmentLearner> alignments,
      long submitted) {
    return samples
        .keyBy(DomainKey::of, Types.STRING)
        .connect(orders.keyBy(DomainKey::of, Types.STRING))
        .transform(
            "score",
            TypeInformation.of(ScoredSample.class),
            new ScoreOperator(scorers, alignments, config.score().memory(), submitted))
        .uid("score");
  }

  private static SingleOutputStreamOperator<TrainingBatch> batch(
      SingleOutputStreamOperator<ScoredSample> scored, MillraceConfig config) {
    return DataStreamUtils.reinterpretAsKeyedStream(scored, DomainKey::of, Types.STRING)
        .transform(
            "batch", TypeInformation.of(TrainingBatch.class), new BatchOperator(config.batch()))
        .uid("batch");
  }

  /**
   * What people say, and what trainers write: a later one fences this job off. What cannot be
   * decoded is rejected by the serve job, which reads the same topic.
   */
  private static SingleOutputStreamOperator<ReleaseEvent> orders(
      StreamExecutionEnvironment env, Source<RawRecord, ?, ?> releases) {
    return env.fromSource(releases, WatermarkStrategy.noWatermarks(), "orders")
        .uid("orders")
        .setParallelism(1)
        .process(
            new Decode<>(raw -> raw.as(Codecs.releases())), TypeInformation.of(ReleaseEvent.class))
        .name("decode orders")
        .uid("decode-orders")
        .setParallelism(1)
        .filter(event -> event.action() != ReleaseEvent.Action.PUBLISH || event.epoch() != 0)
        .name("filter orders")
        .uid("filter-orders")
        .setParallelism(1);
  }

  /**
   * Events of the space in which media meet captions concern who scores, those of adapters who
   * learns.
   */
  private static SingleOutputStreamOperator<ReleaseEvent> only(
      DataStream<ReleaseEvent> orders, boolean alignments) {
    ReleaseEvent.Kind kind = alignments ? ReleaseEvent.Kind.ALIGNMENT : ReleaseEvent.Kind.ADAPTER;
    String name = alignments ? "orders of alignments" : "orders of adapters";
    return orders
        .filter(event -> event.kind() == kind)
        .name(name)
        .uid(name.replace(' ', '-'))
        .setParallelism(1);
  }

  /** Learns batches that come from elsewhere; nobody orders anything. */
  public static DataStream<Verdict> learn(
      StreamExecutionEnvironment env,
      MillraceConfig config,
      SingleOutputStreamOperator<TrainingBatch> batches,
      LearnerOpener learners) {
    JobSettings.apply(config, env, BUFFER_TIMEOUT, JobSettings.ROCKSDB);
    var none = batches.flatMap((batch, out) -> {}, TypeInformation.of(ReleaseEvent.class));
    return learn(batches, none, config, learners, 0);
  }

  private static SingleOutputStreamOperator<Verdict> learn(
      SingleOutputStreamOperator<TrainingBatch> batches,
      SingleOutputStreamOperator<ReleaseEvent> orders,
      MillraceConfig config,
      LearnerOpener learners,
      long submitted) {
    Courtesy courtesy = new Courtesy(config.job().yieldMillis(), config.job().trainNice());
    long patience = config.learn().exchange().patienceMillis();
    var verdicts =
        batches
            .keyBy(DomainKey::of, Types.STRING) // in slots of its own it may have other subtasks
            .connect(orders.keyBy(DomainKey::of, Types.STRING))
            .transform(
                "learn",
                TypeInformation.of(Verdict.class),
                new LearnOperatorFactory(learners, MAX_PENDING, submitted, courtesy, patience))
            .uid("learn")
            .slotSharingGroup(TrainerSlots.of(config));
    if (!config.learn().exchange().isAlone()) {
      train(verdicts, config, learners.trainers(), courtesy);
    }
    return verdicts;
  }

  /**
   * What learns leads trainers in several processes: orders go to each process once, what its
   * trainers learned is combined there, and one report of each goes back. The trainers of a process
   * are tasks of one slot, between which nothing crosses a network; the stream ends in the slot of
   * the learn subtask that waits.
   */
  private static void train(
      SingleOutputStreamOperator<Verdict> learned,
      MillraceConfig config,
      Opener<Trainee.Means> means,
      Courtesy courtesy) {
    ExchangeConfig exchange = config.learn().exchange();
    SlotSharingGroup slots = TrainerSlots.of(config);
    SingleOutputStreamOperator<Order> orders =
        learned
            .setBufferTimeout(AT_ONCE)
            .getSideOutput(Outputs.ORDERS)
            .partitionCustom((process, subtasks) -> process % subtasks, Order::process)
            .map(order -> order)
            .returns(Order.class)
            .name("spread")
            .uid("spread")
            .setParallelism(exchange.processes())
            .setBufferTimeout(AT_ONCE)
            .slotSharingGroup(slots);
    DataStream<Update> updates = trainer(orders, means, 0, courtesy, slots);
    for (int t = 1; t < exchange.trainers(); t++) {
      updates = updates.union(trainer(orders, means, t, courtesy, slots));
    }
    var back =
        updates
            .process(new CombineFunction(exchange), TypeInformation.of(Report.class))
            .name("combine")
            .uid("combine")
            .setParallelism(exchange.processes())
            .setBufferTimeout(AT_ONCE)
            .slotSharingGroup(slots)
            .partitionCustom((learner, subtasks) -> learner, report -> report.call().learner())
            .process(new ReturnFunction(), Types.VOID)
            .name("return")
            .uid("return")
            .setParallelism(learned.getParallelism())
            .slotSharingGroup(slots);
    learned.getTransformation().setCoLocationGroupKey(CIRCLE);
    back.getTransformation().setCoLocationGroupKey(CIRCLE);
  }

  private static DataStream<Update> trainer(
      DataStream<Order> orders,
      Opener<Trainee.Means> means,
      int index,
      Courtesy courtesy,
      SlotSharingGroup slots) {
    var trainer =
        orders
            .transform(
                "train " + index,
                TypeInformation.of(Update.class),
                new TrainOperatorFactory(means, index, courtesy))
            .uid("train-" + index)
            .setParallelism(orders.getParallelism())
            .setBufferTimeout(AT_ONCE)
            .slotSharingGroup(slots);
    trainer.startNewChain();
    return trainer;
  }
}
