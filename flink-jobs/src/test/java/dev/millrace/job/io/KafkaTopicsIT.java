package dev.millrace.job.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.RedisConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.KafkaTopics.Start;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.Limits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class KafkaTopicsIT {

  /** A server that answers is not given up for being slow. */
  private static final int TIMEOUT_MILLIS = 30_000;

  private static EmbeddedStack stack;

  @BeforeAll
  static void start() {
    stack = EmbeddedStack.start(1, 2);
  }

  @AfterAll
  static void stop() {
    stack.close();
  }

  @Test
  void copy_taskFailsOnceInTheMiddle_everyRecordArrivesOnce() throws Exception {
    Topics topics = Topics.create(stack.bootstrapServers(), "copy.", 2);
    List<ProducerRecord<byte[], byte[]>> records =
        IntStream.range(0, 2000)
            .mapToObj(i -> record(topics.samples(), "k" + i % 7, "v" + i))
            .collect(Collectors.toCollection(ArrayList::new));
    records.add(new ProducerRecord<>(topics.samples(), "tombstone".getBytes(UTF_8), null));
    send(records);
    FailOnce.passed.set(0);
    StreamExecutionEnvironment env = environment();
    KafkaTopics kafka = new KafkaTopics(config("copy."), "copy");
    env.fromSource(
            kafka.boundedSource(topics.samples(), Start.EARLIEST),
            WatermarkStrategy.noWatermarks(),
            "in")
        .map(new FailOnce())
        .sinkTo(kafka.sink(topics.answers(), RawRecord::key, RawRecord::value));
    stack.submit(env).getJobExecutionResult().get();
    List<RawRecord> copied = read(config("copy."), topics.answers(), 2001);
    Set<String> distinct =
        copied.stream()
            .map(r -> new String(r.key(), UTF_8) + text(r.value()))
            .collect(Collectors.toSet());
    assertEquals(2001, distinct.size());
  }

  @Test
  void copy_withASchemaRegistry_valuesCarryIdsAndReadAsBefore() throws Exception {
    try (RegistryOfTests registry = RegistryOfTests.start()) {
      Topics topics = Topics.create(stack.bootstrapServers(), "registry.", 1);
      KafkaConfig plain = config("registry.");
      KafkaConfig config = registered("registry.", registry);
      byte[] value = request();
      try (RecordWriter writer = new RecordWriter(config);
          RecordWriter other = new RecordWriter(plain)) {
        writer.send(topics.requests(), "k", value);
        writer.flush();
        other.send(topics.requests(), "k", value);
        other.flush();
      }
      KafkaTopics kafka = new KafkaTopics(config, "registry");
      StreamExecutionEnvironment env = environment();
      env.fromSource(
              kafka.boundedSource(topics.requests(), Start.EARLIEST),
              WatermarkStrategy.noWatermarks(),
              "in")
          .sinkTo(kafka.sink(topics.answers(), RawRecord::key, RawRecord::value));
      stack.submit(env).getJobExecutionResult().get();
      for (RawRecord raw : read(plain, topics.answers(), 2)) {
        assertEquals(0, raw.value()[0], "a frame");
      }
      for (RawRecord raw : read(config, topics.answers(), 2)) {
        assertEquals("q", Codecs.requests().decode(raw.value(), raw.origin()).id());
      }
      assertEquals(
          List.of("registry.answers-value", "registry.requests-value"), registry.subjects());
    }
  }

  /** A broker takes a fourth of it by default, and so does a client. */
  @Test
  void append_asMuchMediaAsASampleMayHave_isWritten() throws Exception {
    try (Admin admin = admin()) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.BROKER, ""),
                  List.of(
                      new AlterConfigOp(
                          new ConfigEntry("message.max.bytes", "1048588"),
                          AlterConfigOp.OpType.SET))))
          .all()
          .get();
    }
    Topics topics = Topics.create(stack.bootstrapServers(), "large.", 1);
    try (RecordWriter writer = new RecordWriter(config("large."))) {
      writer.append(topics.samples(), "k", new byte[Limits.MEDIA_BYTES]).join();
    }
    RawRecord read = read(config("large."), topics.samples(), 1).get(0);
    assertEquals(Limits.MEDIA_BYTES, Objects.requireNonNull(read.value()).length);
  }

  /** 64 MiB of zeros are 64 KiB in a batch, and 64 MiB in the heap of each who reads it. */
  @Test
  void create_producerCompresses_brokerMeasuresWhatReadersHold() throws Exception {
    Topics topics = Topics.create(stack.bootstrapServers(), "compressed.", 1);
    Map<String, Object> compressing =
        Map.of(
            ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
            stack.bootstrapServers(),
            ProducerConfig.COMPRESSION_TYPE_CONFIG,
            "gzip",
            ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
            100 << 20,
            ProducerConfig.BUFFER_MEMORY_CONFIG,
            200L << 20);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(compressing, new ByteArraySerializer(), new ByteArraySerializer())) {
      ExecutionException refused =
          assertThrows(
              ExecutionException.class,
              () ->
                  producer.send(new ProducerRecord<>(topics.samples(), new byte[64 << 20])).get());
      assertInstanceOf(RecordTooLargeException.class, refused.getCause());
      producer.send(record(topics.samples(), "k", "v")).get();
    }
    assertEquals("v", text(read(config("compressed."), topics.samples(), 1).get(0).value()));
  }

  @Test
  void readToEnd_whatComesNextExpires_goesOnWithWhatHasNot() throws Exception {
    Topics topics = Topics.create(stack.bootstrapServers(), "expired.", 1);
    send(IntStream.range(0, 10).mapToObj(i -> record(topics.samples(), "k", "v" + i)).toList());
    try (Admin admin = admin();
        RecordReader reader =
            RecordReader.fromLast(config("expired."), List.of(topics.samples()), 10)) {
      admin
          .deleteRecords(
              Map.of(new TopicPartition(topics.samples(), 0), RecordsToDelete.beforeOffset(4)))
          .all()
          .get();
      assertEquals(
          List.of("v4", "v5", "v6", "v7", "v8", "v9"),
          reader.readToEnd().stream().map(raw -> text(raw.value())).toList());
    }
  }

  /** It was made anew: who looks behind its end is sent back to its beginning. */
  @Test
  void recordsAt_placeFarBehindTheEndOfItsTopic_givesTheOthers() throws Exception {
    Topics topics = Topics.create(stack.bootstrapServers(), "shorter.", 1);
    send(IntStream.range(0, 600).mapToObj(i -> record(topics.samples(), "k", "v" + i)).toList());
    Origin here = new Origin(topics.samples(), 0, 5);
    List<Origin> places = List.of(here, new Origin(topics.samples(), 0, 5_000));
    assertEquals(Set.of(here), RecordsAt.read(config("shorter."), places).keySet());
  }

  /** An order to forget ends all the same. */
  @Test
  void recordsAt_someHaveExpiredAndATopicIsNoMore_givesTheOthers() throws Exception {
    Topics topics = Topics.create(stack.bootstrapServers(), "gone.", 1);
    send(IntStream.range(0, 10).mapToObj(i -> record(topics.samples(), "k", "v" + i)).toList());
    send(List.of(record(topics.requests(), "k", "v")));
    List<Origin> places =
        List.of(
            new Origin(topics.samples(), 0, 3),
            new Origin(topics.samples(), 0, 4),
            new Origin(topics.samples(), 0, 20),
            new Origin(topics.samples(), 7, 4),
            new Origin(topics.requests(), 0, 0));
    try (Admin admin = admin()) {
      var expired = new TopicPartition(topics.samples(), 0);
      admin.deleteRecords(Map.of(expired, RecordsToDelete.beforeOffset(4))).all().get();
      admin.deleteTopics(List.of(topics.requests())).all().get();
      while (admin.listTopics().names().get().contains(topics.requests())) {
        Thread.onSpinWait();
      }
      assertEquals(Set.of(places.get(1)), RecordsAt.read(config("gone."), places).keySet());
      admin.deleteRecords(Map.of(expired, RecordsToDelete.beforeOffset(10))).all().get();
      assertEquals(Set.of(), RecordsAt.read(config("gone."), places).keySet());
    }
  }

  /** As a producer makes one where the broker lets it: what the jobs compare are its offsets. */
  @Test
  void create_releasesTopicThatTheJobsCannotWorkWith_isRefused() throws Exception {
    make("spread.releases", 3, "compact");
    assertEquals(
        "topic spread.releases has 3 partitions and cleanup.policy=compact, expected 1 partition and cleanup.policy=compact",
        refused("spread."));
    make("expiring.releases", 1, "delete");
    assertEquals(
        "topic expiring.releases has 1 partition and cleanup.policy=delete, expected 1 partition and cleanup.policy=compact",
        refused("expiring."));
    make("both.releases", 1, "compact,delete");
    Topics topics = Topics.create(stack.bootstrapServers(), "both.", 1);
    Topics unused = Topics.create(stack.bootstrapServers(), topics.prefix(), 1);
  }

  private static void make(String topic, int partitions, String policy) throws Exception {
    try (Admin admin = admin()) {
      NewTopic made = new NewTopic(topic, Optional.of(partitions), Optional.empty());
      admin
          .createTopics(List.of(made.configs(Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, policy))))
          .all()
          .get();
    }
  }

  private static String refused(String prefix) {
    return assertThrows(
            IllegalStateException.class, () -> Topics.create(stack.bootstrapServers(), prefix, 1))
        .getMessage();
  }

  private static Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()));
  }

  private static KafkaConfig registered(String prefix, RegistryOfTests registry) {
    return KafkaConfigs.of(
        stack.bootstrapServers(), Map.of("kafka.prefix", prefix, "kafka.registry", registry.url()));
  }

  private static byte[] request() {
    Origin origin = new Origin("", 0, 0);
    return Codecs.requests()
        .encode(
            Request.builder("q", Request.Task.SCORE, "p")
                .domain("d")
                .cached(false)
                .eventTimeMillis(1)
                .origin(origin)
                .build());
  }

  /** Without a reply or the end of one, or with one that says that it cannot. */
  @ParameterizedTest
  @ValueSource(ints = {-1, RegistryOfTests.STOPS, 503})
  void tail_schemaRegistryIsAwayForAWhile_handsOnWhatCameMeanwhile(int trouble) throws Exception {
    try (RegistryOfTests registry = RegistryOfTests.start()) {
      String prefix = "tail" + trouble + ".";
      Topics topics = Topics.create(stack.bootstrapServers(), prefix, 1);
      KafkaConfig config = registered(prefix, registry);
      BlockingQueue<String> handed = new LinkedBlockingQueue<>();
      try (RecordWriter writer = new RecordWriter(config)) {
        writer.append(topics.requests(), "k", request()).join();
        registry.trouble(trouble);
        int before = registry.calls();
        try (Tail<Request> tail =
            Tail.start(
                topics.requests(),
                RecordReader.fromBeginning(config, List.of(topics.requests())),
                Codecs.requests(),
                (request, at) -> handed.add(request.id()))) {
          while (registry.calls() == before) {
            assertNull(handed.poll(100, TimeUnit.MILLISECONDS));
          }
          String problem = tail.problem();
          while (problem == null) {
            assertNull(handed.poll(100, TimeUnit.MILLISECONDS));
            problem = tail.problem();
          }
          assertTrue(problem.contains(registry.url()), problem);
          registry.trouble(0);
          assertEquals("q", handed.poll(30, TimeUnit.SECONDS));
          assertNull(tail.problem());
        }
      }
    }
  }

  private static List<RawRecord> read(KafkaConfig config, String topic, int expected) {
    try (RecordReader reader = RecordReader.fromBeginning(config, List.of(topic))) {
      List<RawRecord> found = new ArrayList<>();
      while (found.size() < expected) { // a commit is known before it can be read
        found.addAll(reader.poll(Duration.ofMillis(100)));
      }
      found.addAll(reader.readToEnd());
      assertEquals(expected, found.size());
      return found;
    }
  }

  @Test
  void fromEnd_topicThatTheBrokerDoesNotKnow_saysSoAndWaitsForNothing() {
    Exception e =
        assertThrows(
            IllegalStateException.class,
            () -> RecordReader.fromEnd(config("nowhere."), List.of("nowhere.answers")));
    assertTrue(e.getMessage().contains("nowhere.answers"), e::getMessage);
  }

  @Test
  void redis_stopsInBetween_missesWithoutWaiting() {
    try (EmbeddedStack own = EmbeddedStack.start(1, 1);
        RedisAnswerStore store =
            RedisAnswerStore.open(
                new RedisConfig(own.redisUri(), "", "", 600, TIMEOUT_MILLIS, 1_000_000),
                new Secret(null))) {
      byte[] key = {1};
      assertNull(store.get(key));
      store.put(key, new byte[] {7});
      assertArrayEquals(new byte[] {7}, store.get(key));
      own.stopRedis();
      assertNull(store.get(key));
      long begin = System.nanoTime();
      for (int i = 0; i < 1000; i++) {
        assertNull(store.get(key));
        store.put(key, new byte[] {8});
      }
      assertEquals(1, store.failures());
      assertTrue(Duration.ofNanos(System.nanoTime() - begin).toMillis() < TIMEOUT_MILLIS);
    }
  }

  /** Fails the task once, when half of the records have passed. */
  private static final class FailOnce implements MapFunction<RawRecord, RawRecord> {
    static final AtomicLong passed = new AtomicLong();

    @Override
    public RawRecord map(RawRecord value) {
      if (passed.incrementAndGet() == 1000) {
        throw new IllegalStateException("failed on purpose");
      }
      return value;
    }
  }

  private static StreamExecutionEnvironment environment() {
    Configuration options = new Configuration();
    options.set(PipelineOptions.GENERIC_TYPES, false);
    options.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    options.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(10));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(options);
    env.setParallelism(2);
    env.enableCheckpointing(50);
    return env;
  }

  private static KafkaConfig config(String prefix) {
    return KafkaConfigs.of(stack.bootstrapServers(), Map.of("kafka.prefix", prefix));
  }

  private static ProducerRecord<byte[], byte[]> record(String topic, String key, String value) {
    return new ProducerRecord<>(topic, key.getBytes(UTF_8), value.getBytes(UTF_8));
  }

  private static String text(byte[] value) {
    return value == null ? "" : new String(value, UTF_8);
  }

  private static void send(List<ProducerRecord<byte[], byte[]>> records) throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of("bootstrap.servers", stack.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      var sent = records.stream().map(producer::send).toList();
      for (var future : sent) {
        future.get();
      }
    }
  }
}
