package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.io.Topics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.api.common.accumulators.IntCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.RedisClient;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class EmbeddedStackIT {

  @Test
  void createTopics_kafkaHasAnUnfitTopicOfReleases_saysWhatToMoveAway(@TempDir Path home) {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      Properties client = new Properties();
      client.put("bootstrap.servers", stack.bootstrapServers());
      Topics.ensure(client, List.of("millrace.releases"), 3, said -> {});
      LocalCluster cluster = new LocalCluster(home, home);
      assertEquals(
          "topic millrace.releases has 3 partitions and cleanup.policy=delete, expected 1 partition and cleanup.policy=compact; move %s away, which holds all topics of the cluster, and cluster up begins with new ones"
              .formatted(cluster.home().resolve("kafka-data")),
          assertThrows(
                  IllegalStateException.class,
                  () -> cluster.createTopics(stack.bootstrapServers(), said -> {}))
              .getMessage());
    }
  }

  @Test
  void start_everythingUsed_closesWithoutLeftovers() throws Exception {
    Set<Thread> before = threads();
    Set<ProcessHandle> processes = processes();
    Path folder;
    try (EmbeddedStack stack = EmbeddedStack.start(2, 2)) {
      folder = stack.folder("checkpoints").getParent();
      Topics topics = Topics.create(stack.bootstrapServers(), "millrace.", 2);
      produceOneCommittedOneAborted(stack.bootstrapServers(), topics.samples());
      assertEquals(List.of("kept"), readCommitted(stack.bootstrapServers(), topics.samples()));
      try (RedisClient redis = RedisClient.create(stack.redisUri())) {
        assertEquals("PONG", redis.ping());
      }
      assertEquals(5050, sumOnFlink(stack));
    }
    assertFalse(Files.exists(folder), folder.toString());
    assertEquals(Set.of(), without(processes, processes()), "child processes left");
    for (Thread thread : without(before, threads())) {
      thread.join(60_000);
      assertFalse(thread.isAlive(), thread.getName());
    }
  }

  @Test
  void create_topicsExistAlready_keepsThem() {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      Topics.create(stack.bootstrapServers(), "a.", 2);
      Topics again = Topics.create(stack.bootstrapServers(), "a.", 3);
      try (KafkaConsumer<String, String> consumer = consumer(stack.bootstrapServers())) {
        assertEquals(2, consumer.partitionsFor(again.samples()).size());
        assertEquals(1, consumer.partitionsFor(again.releases()).size());
      }
    }
  }

  /** Until then Flink takes no savepoint, and so stops no job with one. */
  @Test
  void runs_taskThatOpens_onlyOnceItIsOpen() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
      env.setParallelism(1);
      env.fromSequence(1, Long.MAX_VALUE).map(new Opening()).sinkTo(new DiscardingSink<>());
      JobClient job = stack.submit(env);
      Opening.BEGUN.await();
      assertFalse(stack.runs(job));
      Opening.MAY_END.countDown();
      assertTrue(Poll.until(Duration.ofMinutes(2), () -> stack.runs(job)));
      job.cancel().get();
    }
  }

  /** Opens when it is told to. */
  private static final class Opening extends RichMapFunction<Long, Long> {
    static final CountDownLatch BEGUN = new CountDownLatch(1);
    static final CountDownLatch MAY_END = new CountDownLatch(1);

    @Override
    public void open(OpenContext context) throws Exception {
      BEGUN.countDown();
      MAY_END.await();
    }

    @Override
    public Long map(Long value) {
      return value;
    }
  }

  private static Integer sumOnFlink(EmbeddedStack stack) throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(2);
    env.fromSequence(1, 100).map(new Summing()).sinkTo(new DiscardingSink<>());
    JobClient job = stack.submit(env);
    return job.getJobExecutionResult().get().getAccumulatorResult("sum");
  }

  /** Adds up what passes. */
  private static final class Summing extends RichMapFunction<Long, Long> {
    private final IntCounter sum = new IntCounter();

    @Override
    public void open(OpenContext context) {
      getRuntimeContext().addAccumulator("sum", sum);
    }

    @Override
    public Long map(Long value) {
      sum.add(value.intValue());
      return value;
    }
  }

  private static void produceOneCommittedOneAborted(String bootstrap, String topic)
      throws Exception {
    Map<String, Object> config =
        Map.of("bootstrap.servers", bootstrap, "transactional.id", "test", "linger.ms", "0");
    try (var producer =
        new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      var dropped = producer.send(new ProducerRecord<>(topic, "k", "dropped"));
      dropped.get();
      producer.abortTransaction();
      producer.beginTransaction();
      var kept = producer.send(new ProducerRecord<>(topic, "k", "kept"));
      producer.commitTransaction();
      kept.get();
    }
  }

  private static List<String> readCommitted(String bootstrap, String topic) {
    List<String> values = new ArrayList<>();
    try (KafkaConsumer<String, String> consumer = consumer(bootstrap)) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(p -> new TopicPartition(topic, p.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      var end = consumer.endOffsets(partitions);
      while (values.isEmpty() // a commit is known before it can be read
          || partitions.stream().anyMatch(p -> consumer.position(p) < end.get(p))) {
        consumer
            .poll(Duration.ofSeconds(1))
            .forEach(
                r -> {
                  assertEquals(TimestampType.LOG_APPEND_TIME, r.timestampType());
                  values.add(r.value());
                });
      }
    }
    return values;
  }

  private static KafkaConsumer<String, String> consumer(String bootstrap) {
    return new KafkaConsumer<>(
        Map.of("bootstrap.servers", bootstrap, "isolation.level", "read_committed"),
        new StringDeserializer(),
        new StringDeserializer());
  }

  private static <T> Set<T> without(Set<T> before, Set<T> now) {
    Set<T> left = new HashSet<>(now);
    left.removeAll(before);
    return left;
  }

  private static Set<ProcessHandle> processes() {
    return ProcessHandle.current().children().collect(Collectors.toSet());
  }

  /** Threads that would keep a process alive; Flink and Kafka keep static daemons of their own. */
  private static Set<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> !t.isDaemon())
        .collect(Collectors.toSet());
  }
}
