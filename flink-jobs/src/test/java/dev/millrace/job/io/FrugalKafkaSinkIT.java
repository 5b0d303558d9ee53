package dev.millrace.job.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessageTypeInfo;
import org.apache.flink.streaming.runtime.operators.sink.CommitterOperatorFactory;
import org.apache.flink.streaming.runtime.operators.sink.SinkWriterOperatorFactory;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class FrugalKafkaSinkIT {

  private static EmbeddedStack stack;

  @BeforeAll
  static void start() {
    stack = EmbeddedStack.start(1, 1);
  }

  @AfterAll
  static void stop() {
    stack.close();
  }

  @Test
  void checkpoint_nothingWritten_asksTheBrokerForNothing() throws Exception {
    try (Task task = new Task("idle.", null)) {
      for (int i = 0; i < 20; i++) {
        var unused = task.checkpoint();
      }
      assertEquals(1, epoch("idle."), "begun at the start and at the first checkpoint");
      task.write("late");
      var unused = task.checkpoint();
      task.commit();
      assertEquals(List.of("late"), task.committed(1));
    }
  }

  @Test
  void checkpoint_nothingWrittenForAMinute_beginsAnew() throws Exception {
    try (Task task = new Task("minute.", null)) {
      var unused = task.checkpoint();
      task.writer.setProcessingTime(FrugalKafkaSink.AT_MOST.toMillis() - 1);
      unused = task.checkpoint();
      assertEquals(1, epoch("minute."));
      task.writer.setProcessingTime(FrugalKafkaSink.AT_MOST.toMillis());
      unused = task.checkpoint();
      assertEquals(2, epoch("minute."));
    }
  }

  @Test
  void checkpoint_recordsNowAndThen_eachIsCommittedWithItsOwn() throws Exception {
    try (Task task = new Task("rare.", null)) {
      List<String> written = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        if (i % 6 < 2) {
          written.add("v" + i);
          task.write("v" + i);
        }
        var unused = task.checkpoint();
        task.commit();
        assertEquals(written, task.committed(written.size()));
      }
    }
  }

  /**
   * What a task that failed had written into a transaction that outlasted checkpoints is undone.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void restore_recordAfterIdleCheckpoints_isNeitherLostNorTwice(int idle) throws Exception {
    String prefix = "restored" + idle + ".";
    OperatorSubtaskState last;
    try (Task failed = new Task(prefix, null)) {
      failed.write("first");
      last = failed.checkpoint();
      failed.commit();
      for (int i = 0; i < idle; i++) {
        last = failed.checkpoint();
        failed.commit();
      }
      failed.write("again");
      failed.writer.prepareSnapshotPreBarrier(99); // flushed, and no checkpoint comes of it
    }
    try (Task next = new Task(prefix, last)) {
      next.write("again");
      var unused = next.checkpoint();
      next.commit();
      assertEquals(List.of("first", "again"), next.committed(2));
    }
  }

  /** One more of them at each restart, and in the end no thread for a task. */
  @Test
  void close_writerThatListedTransactions_leavesNoClient() throws Exception {
    Set<Thread> before = admins();
    Set<Thread> begun;
    try (Task unused = new Task("closed.", null)) {
      begun = admins();
    }
    begun.removeAll(before);
    assertFalse(begun.isEmpty(), "it lists by a client");
    assertEnd(begun);
  }

  /** One for each try of a job that waits for its broker. */
  @Test
  void open_noBrokerAnswers_leavesNoClient() throws Exception {
    assertEnd(openedInVain("127.0.0.1:1"));
  }

  /** The kernel takes connections in its name, as it does for a process that is stopped. */
  @Test
  void openAgain_brokerTakesConnectionsAndSaysNothing_leavesNoClient() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String bootstrap = "127.0.0.1:" + silent.getLocalPort();
      var unused = openedInVain(bootstrap); // Flink's own
      assertEnd(openedInVain(bootstrap));
    }
  }

  /** A try to open a writer; gives the clients that it began and left. */
  private static Set<Thread> openedInVain(String bootstrap) throws Exception {
    Set<Thread> before = admins();
    KafkaConfig away =
        KafkaConfigs.of(
            bootstrap,
            Map.of(
                "kafka.client.default.api.timeout.ms",
                "1000",
                "kafka.client.request.timeout.ms",
                "1000"));
    Sink<String> sink =
        new KafkaTopics(away, "away.")
            .exactlyOnceSink("away.releases", s -> s.getBytes(UTF_8), s -> s.getBytes(UTF_8));
    try (var writer =
        new OneInputStreamOperatorTestHarness<>(new SinkWriterOperatorFactory<>(sink))) {
      assertThrows(Exception.class, writer::open);
    }
    Set<Thread> left = admins();
    left.removeAll(before);
    return left;
  }

  private static void assertEnd(Set<Thread> clients) throws InterruptedException {
    for (Thread client : clients) {
      client.join(20_000);
      assertFalse(client.isAlive(), client::getName);
    }
  }

  private static Set<Thread> admins() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("kafka-admin-client-thread"))
        .collect(Collectors.toSet());
  }

  /** A sink's writer and committer, as Flink chains them. */
  private static final class Task implements AutoCloseable {
    private final KafkaConfig config;
    private final Topics topics;
    private final OneInputStreamOperatorTestHarness<String, CommittableMessage<KafkaCommittable>>
        writer;
    private final OneInputStreamOperatorTestHarness<
            CommittableMessage<KafkaCommittable>, CommittableMessage<KafkaCommittable>>
        committer;
    private long checkpoint;

    Task(String prefix, OperatorSubtaskState restored) throws Exception {
      config = KafkaConfigs.of(stack.bootstrapServers(), Map.of("kafka.prefix", prefix));
      topics = Topics.create(stack.bootstrapServers(), prefix, 1);
      Sink<String> sink =
          new KafkaTopics(config, prefix)
              .exactlyOnceSink(topics.releases(), s -> s.getBytes(UTF_8), s -> s.getBytes(UTF_8));
      FrugalKafkaSink<String> frugal = (FrugalKafkaSink<String>) sink;
      writer = new OneInputStreamOperatorTestHarness<>(new SinkWriterOperatorFactory<>(sink));
      committer =
          new OneInputStreamOperatorTestHarness<>(
              new CommitterOperatorFactory<>(frugal, false, true));
      var committables = CommittableMessageTypeInfo.of(frugal::getCommittableSerializer);
      writer.setup(committables.createSerializer(new SerializerConfigImpl()));
      committer.setup(committables.createSerializer(new SerializerConfigImpl()));
      if (restored != null) {
        writer.setRestoredCheckpointId(50);
        checkpoint = 50;
        writer.initializeState(restored);
      }
      writer.open();
      committer.open();
    }

    void write(String record) throws Exception {
      writer.processElement(new StreamRecord<>(record));
    }

    /** Takes a checkpoint, and gives the writer's part of it. */
    OperatorSubtaskState checkpoint() throws Exception {
      writer.getOutput().clear();
      writer.prepareSnapshotPreBarrier(++checkpoint);
      for (var committable : writer.extractOutputValues()) {
        committer.processElement(new StreamRecord<>(committable));
      }
      OperatorSubtaskState state = writer.snapshot(checkpoint, checkpoint);
      var unused = committer.snapshot(checkpoint, checkpoint);
      return state;
    }

    /** The last checkpoint is complete. */
    void commit() throws Exception {
      committer.notifyOfCompletedCheckpoint(checkpoint);
    }

    /** All records that can be read, once there are so many. */
    List<String> committed(int expected) {
      try (RecordReader reader = RecordReader.fromBeginning(config, List.of(topics.releases()))) {
        List<RawRecord> found = new ArrayList<>();
        while (found.size() < expected) { // a commit is known before it can be read
          found.addAll(reader.poll(Duration.ofMillis(100)));
        }
        found.addAll(reader.readToEnd());
        return found.stream()
            .map(raw -> new String(Objects.requireNonNull(raw.value()), UTF_8))
            .toList();
      }
    }

    @Override
    public void close() throws Exception {
      committer.close();
      writer.close();
    }
  }

  /** How often the broker prepared a transaction after the first, over all ids of a job. */
  private static int epoch(String job) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
      List<String> ids =
          admin.listTransactions().all().get().stream()
              .map(TransactionListing::transactionalId)
              .filter(id -> id.startsWith(job))
              .toList();
      assertTrue(!ids.isEmpty(), "no transaction of " + job);
      return admin.describeTransactions(ids).all().get().values().stream()
          .mapToInt(TransactionDescription::producerEpoch)
          .sum();
    }
  }
}
