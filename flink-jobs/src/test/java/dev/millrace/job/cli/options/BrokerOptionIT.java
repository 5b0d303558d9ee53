package dev.millrace.job.cli.options;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.StreamRecords;
import dev.millrace.job.chaos.FailingBroker;
import dev.millrace.job.cli.RunsCommands;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.embedded.OwnBroker;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.config.ConfigResource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What is set reaches the clients of every command that speaks to a broker. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class BrokerOptionIT extends RunsCommands {

  @Test
  void named_settings_areTheClients() {
    BrokerOption broker = new BrokerOption();
    new CommandLine(broker)
        .parseArgs(
            "--bootstrap=there:1",
            "--set=kafka.prefix=team.",
            "--set=kafka.client.security.protocol=SASL_SSL");
    MillraceConfig config = broker.named().orElseThrow();
    assertEquals("there:1", config.kafka().bootstrap());
    assertEquals("team.", config.kafka().prefix());
    assertEquals(Map.of("security.protocol", "SASL_SSL"), config.kafka().client());
  }

  @Test
  void named_brokerAmongTheSettings_isNamed() {
    BrokerOption broker = new BrokerOption();
    new CommandLine(broker).parseArgs("--set=kafka.bootstrap=there:1");
    assertEquals("there:1", broker.named().orElseThrow().kafka().bootstrap());
  }

  @Test
  void commands_anotherPrefix_findItsTopics() {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      String bootstrap = "--bootstrap=" + stack.bootstrapServers();
      assertEquals(0, run("topics", bootstrap, "--set=kafka.prefix=team."), err::toString);
      assertTrue(out.toString().contains("team.releases"), out::toString);
      assertEquals(0, run("verdicts", bootstrap, "--set=kafka.prefix=team."), err::toString);
      assertTrue(run("verdicts", bootstrap) != 0);
      assertTrue(err.toString().contains("millrace.verdicts"), err::toString);
    }
  }

  /** The broker takes a batch of it that is a thousand times as large to whoever reads it. */
  @Test
  void topics_oneIsCompressedAsItsProducersLike_saysSoAndWhatMendsIt(@TempDir Path folder)
      throws Exception {
    try (OwnBroker broker = OwnBroker.start(folder, listens -> listens);
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      String at = broker.bootstrapServers();
      String[] topics = {"topics", "--bootstrap=" + at};
      var samples = new NewTopic("millrace.samples", Optional.of(1), Optional.empty());
      var requests = new NewTopic("millrace.requests", Optional.of(1), Optional.empty());
      admin.createTopics(List.of(samples, requests)).all().get();
      assertEquals(0, run(topics), err::toString);
      String mends =
          "for topic in millrace.samples millrace.requests; do kafka-configs.sh --bootstrap-server "
              + at
              + " --alter --entity-type topics --entity-name $topic --add-config"
              + " compression.type=uncompressed,max.message.bytes=16777216; done";
      assertEquals(
          List.of(
              "compression.type of millrace.samples, millrace.requests is not uncompressed, so a batch"
                  + " of 30 kB may be a gigabyte to each job that reads it: "
                  + mends),
          said());
      for (String topic : List.of("millrace.samples", "millrace.requests")) {
        var named = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        var entry = new ConfigEntry("compression.type", "uncompressed");
        var set = new AlterConfigOp(entry, AlterConfigOp.OpType.SET);
        admin.incrementalAlterConfigs(Map.of(named, List.of(set))).all().get();
      }
      assertEquals(0, run(topics), err::toString);
      assertEquals(1, said().size(), "what was said before");
    }
  }

  @Test
  void produce_topicThatTheBrokerLacks_saysWhatItWaitsForAndWhatMakesIt(@TempDir Path folder)
      throws Exception {
    Path file = Files.writeString(folder.resolve("one.jsonl"), "{\"id\":\"a\",\"text\":\"b\"}");
    try (OwnBroker broker = OwnBroker.start(folder, listens -> listens)) {
      String at = broker.bootstrapServers();
      String[] produce = {
        "produce",
        "--topic=millrace.samples",
        "--bootstrap=" + at,
        "--set=kafka.client.max.block.ms=4000",
        file.toString()
      };
      assertEquals(Output.FAILED, run(produce));
      String missing = "broker %s has no topic millrace.samples".formatted(at);
      assertEquals(
          List.of(
              missing + " yet, waiting for it",
              "millrace: " + missing + ", expected one: ./millrace topics makes those of the jobs"),
          said());
      assertEquals(0, run("topics", "--bootstrap=" + at), err::toString);
      assertEquals(0, run(produce), err::toString);
    }
  }

  @Test
  void ask_topicThatTheBrokerLacks_saysWhatMakesIt(@TempDir Path folder) throws Exception {
    try (OwnBroker broker = OwnBroker.start(folder, listens -> listens);
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      String at = broker.bootstrapServers();
      String missing =
          "millrace: broker %s has no topic millrace.%s, expected one: ./millrace topics makes those of the jobs";
      String[] ask = {
        "ask", "--domain=d", "--bootstrap=" + at, "--set=kafka.client.max.block.ms=4000", "dear"
      };
      assertEquals(Output.FAILED, run(ask));
      assertEquals(List.of(missing.formatted(at, "answers")), said());
      assertEquals(0, run("topics", "--bootstrap=" + at), err::toString);
      admin.deleteTopics(List.of("millrace.requests")).all().get();
      while (admin.listTopics().names().get().contains("millrace.requests")) {
        Thread.onSpinWait(); // the broker hears of it later than the controller
      }
      assertEquals(Output.FAILED, run(ask));
      assertTrue(err.toString().strip().endsWith(missing.formatted(at, "requests")), err::toString);
    }
  }

  /** But that a broker which has just started takes long to answer, as on a busy machine. */
  private List<String> said() {
    return err.toString()
        .lines()
        .filter(line -> !line.endsWith(" in 2 s, waiting for it"))
        .toList();
  }

  /** As one on a busy machine does. */
  @Test
  void produce_brokerAnswersAfter22Seconds_linesOfAPipeAreWritten(@TempDir Path folder) {
    InputStream before = System.in;
    try (FailingBroker broker = FailingBroker.start(folder)) {
      String bootstrap = "--bootstrap=" + broker.bootstrapServers();
      assertEquals(0, run("topics", bootstrap), err::toString);
      System.setIn(new ByteArrayInputStream("{\"text\": \"some\"}\n".getBytes(UTF_8)));
      broker.hang();
      CompletableFuture.delayedExecutor(22, TimeUnit.SECONDS).execute(broker::recover);
      assertEquals(
          0,
          run("produce", "--topic=millrace.samples", "--domain=d", bootstrap, "-"),
          err::toString);
    } finally {
      System.setIn(before);
    }
    assertTrue(out.toString().contains("1 record written"), out::toString);
    assertTrue(err.toString().contains("has not answered in 2 s"), err::toString);
  }

  @Test
  void produce_brokerGoesAway_saysWhatIsWrittenAndFromWhereToGoOn(@TempDir Path folder)
      throws Exception {
    InputStream before = System.in;
    try (FailingBroker broker = FailingBroker.start(folder);
        PipedOutputStream pipe = new PipedOutputStream()) {
      String bootstrap = "--bootstrap=" + broker.bootstrapServers();
      assertEquals(0, run("topics", bootstrap), err::toString);
      System.setIn(new PipedInputStream(pipe));
      CompletableFuture<Integer> status =
          CompletableFuture.supplyAsync(
              () ->
                  run(
                      "produce",
                      "--topic=millrace.samples",
                      "--domain=d",
                      "--set=kafka.client.request.timeout.ms=3000",
                      "--set=kafka.client.delivery.timeout.ms=6000",
                      "--set=kafka.client.interceptor.classes=" + Acknowledged.class.getName(),
                      bootstrap,
                      "-"));
      pipe.write("{\"text\": \"one\"}\n\n{\"text\": \"two\"}\n".getBytes(UTF_8));
      pipe.flush();
      assertTrue(Acknowledged.RECORDS.tryAcquire(2, 2, TimeUnit.MINUTES), err::toString);
      broker.hang();
      pipe.write("{\"text\": \"three\"}\n".getBytes(UTF_8));
      pipe.flush();
      while (!err.toString().contains("line 4 is not written: ")) {
        assertFalse(status.isDone(), err::toString);
        Thread.onSpinWait();
      }
      pipe.close();
      assertEquals(Output.FAILED, status.get());
      broker.recover();
    } finally {
      System.setIn(before);
    }
    List<String> said = err.toString().lines().toList();
    assertEquals(
        "2 records written to millrace.samples, go on from line 4", said.get(said.size() - 2));
    assertTrue(said.get(said.size() - 1).startsWith("millrace: line 4 is not written: broker "));
  }

  /** Of what a broker was sent, what it has said that it took. */
  public static final class Acknowledged implements ProducerInterceptor<byte[], byte[]> {
    static final Semaphore RECORDS = new Semaphore(0);

    @Override
    public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
      return record;
    }

    @Override
    public void onAcknowledgement(RecordMetadata metadata, @Nullable Exception failure) {
      if (failure == null) {
        RECORDS.release();
      }
    }

    @Override
    public void configure(Map<String, ?> configs) {}

    @Override
    public void close() {}
  }

  @Test
  void produce_folder_writesItsTextsAndSaysWhatIsNot(@TempDir Path folder) throws Exception {
    Path in = Files.createDirectory(folder.resolve("in"));
    Files.writeString(in.resolve("a.txt"), "Dear customer");
    Files.write(in.resolve("b.txt"), new byte[1]);
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      String bootstrap = "--bootstrap=" + stack.bootstrapServers();
      assertEquals(0, run("topics", bootstrap), err::toString);
      String[] produce = {"produce", "--topic=millrace.samples", bootstrap, in.toString()};
      assertEquals(0, run(produce), err::toString);
      List<String> said = err.toString().lines().toList();
      assertEquals("files passed over, by reason: {binary=1}", said.get(said.size() - 1));
      Files.write(in.resolve("c.txt"), new byte[] {'a', (byte) 0xe9});
      assertEquals(Output.FAILED, run(produce));
      assertTrue(err.toString().contains("in/c.txt refused, invalid-utf8: byte 1 "), err::toString);
    }
  }

  @Test
  void produce_manyLinesAreRefused_someAreShownAndAllCounted(@TempDir Path folder)
      throws Exception {
    String lines = "no JSON\n".repeat(1000) + "{\"id\":\"a\"}\n";
    Path file = Files.writeString(folder.resolve("bad.jsonl"), lines);
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      String bootstrap = "--bootstrap=" + stack.bootstrapServers();
      assertEquals(0, run("topics", bootstrap), err::toString);
      String[] produce = {"produce", "--topic=millrace.samples", bootstrap, file.toString()};
      assertEquals(Output.FAILED, run(produce));
      List<String> said = err.toString().lines().toList();
      assertEquals(
          12, said.stream().filter(line -> line.startsWith("line ")).count(), said::toString);
      String last = said.get(said.size() - 1);
      assertTrue(last.startsWith("refused, by reason: {"), last);
      assertTrue(last.contains("not-json=1000"), last);
    }
  }

  /** Whoever wrote it there: the verdicts before and after it are what people look for. */
  @Test
  void verdicts_recordThatIsNone_isToldAndPassedOver() {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      String bootstrap = "--bootstrap=" + stack.bootstrapServers();
      assertEquals(0, run("topics", bootstrap), err::toString);
      try (RecordWriter writer = new RecordWriter(KafkaConfigs.of(stack.bootstrapServers()))) {
        writer.append("millrace.verdicts", "d", new byte[] {7, 7}).join();
      }
      assertEquals(0, run("verdicts", bootstrap), err::toString);
      assertTrue(err.toString().contains("is passed over"), err::toString);
    }
  }

  /**
   * Whoever wrote it there: the answer comes behind it. A question that nobody waits for any more
   * would be answered whenever a serve job starts.
   */
  @Test
  void ask_recordThatIsNoAnswer_isPassedOverUntilTheDeadline() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      String bootstrap = "--bootstrap=" + stack.bootstrapServers();
      assertEquals(0, run("topics", bootstrap), err::toString);
      KafkaConfig kafka = KafkaConfigs.of(stack.bootstrapServers());
      CompletableFuture<Request> asked = CompletableFuture.supplyAsync(() -> answerOne(kafka));
      assertEquals(0, run("ask", bootstrap, "--domain=d", "dear"), err::toString);
      assertTrue(out.toString().contains("dear customer"), out::toString);
      Request request = asked.get(10, TimeUnit.SECONDS);
      assertEquals(request.eventTimeMillis() + 120_000, request.deadlineMillis());
    }
  }

  private static Request answerOne(KafkaConfig kafka) {
    try (RecordReader requests = RecordReader.fromBeginning(kafka, List.of("millrace.requests"));
        RecordWriter writer = new RecordWriter(kafka)) {
      List<RawRecord> asked = List.of();
      while (asked.isEmpty()) {
        asked = requests.poll(Duration.ofSeconds(1));
      }
      RawRecord raw = asked.get(0);
      Request request = Codecs.requests().decode(raw.value(), raw.origin());
      Answer answer = StreamRecords.answer(request, null, " customer", null);
      writer.append("millrace.answers", "k", new byte[] {7, 7}).join();
      writer.append("millrace.answers", "k", Codecs.answers().encode(answer)).join();
      return request;
    } catch (InvalidRecordException e) {
      throw new IllegalStateException(e);
    }
  }
}
