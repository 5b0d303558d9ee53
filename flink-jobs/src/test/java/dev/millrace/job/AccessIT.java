package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.cli.releases.ReleaseTopic;
import dev.millrace.job.config.GatewayLimits;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.embedded.SecureBroker;
import dev.millrace.job.gateway.ApiKeys;
import dev.millrace.job.gateway.Gateway;
import dev.millrace.job.gateway.GatewayConfig;
import dev.millrace.job.io.KafkaTopics;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Tail;
import dev.millrace.job.io.Topics;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs and gateway run with the rights that docs/security.md gives them, and have no others. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class AccessIT {

  private static final Path PAGE =
      Path.of(System.getProperty("millrace.root"), "docs", "security.md");
  private static final Duration POLL = Duration.ofMillis(200);

  @TempDir static Path folder;

  private static SecureBroker broker;
  private static Topics topics;

  @BeforeAll
  static void start() throws Exception {
    broker =
        SecureBroker.start(
            folder.resolve("broker"),
            List.of("serve", "learn", "gateway", "compress", "people", "late"));
    topics = Topics.create(broker.open(), Topics.DEFAULT_PREFIX, 1);
    List<AclBinding> rights = rights();
    assertTrue(rights.size() > 12, rights.size() + " rights in " + PAGE);
    broker.allow(rights);
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  /** What the page's commands would give. */
  private static List<AclBinding> rights() throws Exception {
    List<AclBinding> rights = new ArrayList<>();
    for (String line : Files.readAllLines(PAGE)) {
      if (line.strip().startsWith("kafka-acls.sh --add ")) {
        rights.addAll(rights(line.strip().split(" +")));
      }
    }
    return rights;
  }

  private static List<AclBinding> rights(String[] words) {
    String who = "";
    PatternType pattern = PatternType.LITERAL;
    List<AclOperation> operations = new ArrayList<>();
    Map<String, ResourceType> kinds =
        Map.of(
            "--topic", ResourceType.TOPIC,
            "--group", ResourceType.GROUP,
            "--transactional-id", ResourceType.TRANSACTIONAL_ID);
    List<Map.Entry<ResourceType, String>> resources = new ArrayList<>();
    for (int i = 2; i < words.length; i += 2) {
      String value = words[i + 1];
      switch (words[i]) {
        case "--allow-principal" -> who = value;
        case "--operation" -> operations.add(AclOperation.fromString(value));
        case "--resource-pattern-type" ->
            pattern = PatternType.fromString(value.toUpperCase(Locale.ROOT));
        default -> resources.add(Map.entry(kinds.get(words[i]), value));
      }
    }
    List<AclBinding> rights = new ArrayList<>();
    for (Map.Entry<ResourceType, String> resource : resources) {
      for (AclOperation operation : operations) {
        rights.add(
            new AclBinding(
                new ResourcePattern(resource.getKey(), resource.getValue(), pattern),
                new AccessControlEntry(who, "*", operation, AclPermissionType.ALLOW)));
      }
    }
    return rights;
  }

  @Test
  void learnAndServe_theRightsOfThePage_areEnough() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 4)) {
      Map<String, String> settings = Map.of("batch.count", "4", "heldOut.everyNth", "3");
      MillraceConfig plain = Loop.create(stack, 1, settings).config();
      Loop learning = new Loop(stack, topics, with(plain, as("learn")));
      Loop serving = new Loop(stack, topics, with(plain, as("serve")));
      Random random = new Random(7);
      try (Feed feed = new Feed(broker.open())) {
        for (int i = 0; i < 24; i++) {
          String text = Feed.text("legal", random);
          feed.send(topics.samples(), Feed.sample("s" + i, "legal", text, 1_000 + i));
        }
        feed.send(topics.requests(), "caller", Feed.request("q", "legal", "what is said"));
      }
      JobClient serve = serving.serve(TinyParts.servings(serving.config()));
      learning.learnAll(TinyParts.learners(learning.config())).getJobExecutionResult().get();
      assertNull(answer("q").error());
      Verdict unused = verdict("legal");
      serve.cancel().get();
    }
  }

  /** The student is refused: what it would publish would be followed by the jobs of other tests. */
  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void compress_theRightsOfThePage_areEnough() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1);
        Feed feed = new Feed(broker.open())) {
      Map<String, String> settings =
          Map.of(
              "base.dir", NanoReleases.copyWithFewTexts(folder.resolve("base")).toString(),
              "compress.factor", "13.5",
              "compress.steps", "2",
              "compress.bound", "0",
              "compress.work", folder.resolve("work").toString());
      MillraceConfig config = with(Loop.create(stack, 1, settings).config(), as("compress"));
      Random random = new Random(9);
      List<LearnedSample> learned = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        Sample sample = Feed.sample("c" + i, "health", Feed.text("health", random), 1_000 + i);
        byte[] value = Codecs.samples().encode(sample);
        Origin at = feed.place(topics.samples(), "health", value);
        learned.add(new LearnedSample(sample.id(), at, false));
      }
      ReleaseEvent unused =
          new NanoReleases(TinyParts.path(config.store().uri())).publish("health", 1, learned);
      StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
      CompressJob.build(env, config, Openers.teachings(config));
      JobClient job = stack.submit(env);
      job.getJobExecutionResult().get();
      assertEquals(JobStatus.FINISHED, job.getJobStatus().get());
      assertFalse(verdict(BaseRelease.DOMAIN).accepted());
    }
  }

  /** The first on a domain, once it is there. */
  private static Verdict verdict(String domain) throws InvalidRecordException {
    try (RecordReader reader = RecordReader.fromBeginning(open(), List.of(topics.verdicts()))) {
      while (true) {
        for (RawRecord found : reader.poll(POLL)) {
          Verdict verdict = found.as(Codecs.verdicts());
          if (verdict.domain().equals(domain)) {
            return verdict;
          }
        }
      }
    }
  }

  /** That of a request, once it is there: serve answers the gateway's of another test as well. */
  private static Answer answer(String request) throws InvalidRecordException {
    try (RecordReader reader = RecordReader.fromBeginning(open(), List.of(topics.answers()))) {
      while (true) {
        for (RawRecord found : reader.poll(POLL)) {
          Answer answer = found.as(Codecs.answers());
          if (answer.request().equals(request)) {
            return answer;
          }
        }
      }
    }
  }

  @Test
  void serve_whatIsNoneOfItsBusiness_isRefused() {
    KafkaConfig serve = as("serve");
    assertMayNotWrite(serve, topics.samples(), topics.releases(), topics.verdicts());
    assertMayNotRead(serve, topics.samples(), topics.verdicts());
  }

  @Test
  void learn_whatIsNoneOfItsBusiness_isRefused() {
    KafkaConfig learn = as("learn");
    assertMayNotWrite(learn, topics.samples(), topics.requests(), topics.answers());
    assertMayNotRead(learn, topics.requests(), topics.answers());
  }

  @Test
  void compress_whatIsNoneOfItsBusiness_isRefused() {
    KafkaConfig compress = as("compress");
    assertMayNotWrite(compress, topics.samples(), topics.requests(), topics.answers());
    assertMayNotRead(compress, topics.requests(), topics.answers());
  }

  @Test
  void gateway_theRightsOfThePage_areEnough() throws Exception {
    KafkaConfig gateway = as("gateway");
    GatewayLimits limits = new GatewayLimits(8, 1, 1 << 20, 3_000);
    try (Gateway door =
        Gateway.start(
            GatewayConfig.local(0, limits),
            gateway,
            ApiKeys.none(),
            Adopting.unavailable("not asked for here"))) {
      String text = Feed.text("java", new Random(8));
      assertEquals(200, post(door, "/v1/samples?domain=java", "{\"text\":\"" + text + "\"}"));
      String ask = "{\"model\":\"base\",\"prompt\":\"a\",\"max_tokens\":1}";
      assertEquals(504, post(door, "/v1/completions", ask), "written, and no serve job answers");
    }
    assertMayNotWrite(gateway, topics.answers(), topics.chunks(), topics.rejected());
  }

  /** The order is of a domain that no test has. */
  @Test
  void people_theRightsOfThePage_areEnoughForTheirCommands() throws Exception {
    KafkaConfig people = as("people");
    ReleaseTopic releases = new ReleaseTopic(people);
    ReleaseEvent order = StreamRecords.event("nobodys", ReleaseEvent.Action.ROLLBACK, "", 0, 0);
    releases.order(order, told -> {});
    List<ReleaseEvent> found = releases.written(undecoded -> {}, told -> {});
    assertTrue(found.stream().anyMatch(event -> event.domain().equals("nobodys")));
    try (RecordReader reader = RecordReader.fromBeginning(people, topics.all())) {
      reader.readToEnd(raw -> {});
    }
    try (RecordWriter writer = new RecordWriter(people)) {
      Sample sample = Feed.sample("p", "nobodys", Feed.text("java", new Random(6)), 1_000);
      writer.append(topics.samples(), "nobodys", Codecs.samples().encode(sample)).get();
      writer
          .append(
              topics.requests(), "p", Codecs.requests().encode(Feed.request("p", "nobodys", "a")))
          .get();
    }
    assertTrue(new KafkaTopics(people, "millrace-serve").read(topics.requests()) >= 0);
    assertMayNotWrite(people, topics.answers(), topics.verdicts(), topics.rejected());
  }

  private static int post(Gateway door, String path, String body) throws Exception {
    HttpRequest call =
        HttpRequest.newBuilder(URI.create(door.url() + path))
            .POST(BodyPublishers.ofString(body))
            .build();
    return HttpClient.newHttpClient().send(call, BodyHandlers.discarding()).statusCode();
  }

  /** As when rights are set a little late: whoever reads need not be started again. */
  @Test
  void tail_topicThatItMayNotReadYet_saysSoAndGoesOnOnceItMay() throws Exception {
    String topic = Topics.create(broker.open(), "late.", 1).verdicts();
    CountDownLatch taken = new CountDownLatch(1);
    try (RecordWriter writer = new RecordWriter(open())) {
      broker.allow(List.of(right(topic, AclOperation.DESCRIBE)));
      RecordReader reader = RecordReader.fromEnd(as("late"), List.of(topic));
      try (Tail<?> tail =
          Tail.start(topic, reader, Codecs.verdicts(), (verdict, at) -> taken.countDown())) {
        String refused = "millrace-tail-" + topic + " waits: Not authorized";
        while (!String.valueOf(tail.problem()).startsWith(refused)) {
          Thread.onSpinWait();
        }
        Verdict verdict =
            new Verdict(null, "d", 0, null, null, false, List.of(), 8, 100, 5, List.of());
        writer.append(topic, "d", Codecs.verdicts().encode(verdict)).get();
        broker.allow(List.of(right(topic, AclOperation.READ)));
        taken.await();
        while (tail.problem() != null) {
          Thread.onSpinWait();
        }
      }
    }
  }

  /** Whoever may not read a topic's settings need not know them. */
  @Test
  void create_topicsThatAreThereForAUserWhoMayOnlySeeThem_arePassedOver() throws Exception {
    Topics unused = Topics.create(broker.open(), "seen.", 1);
    broker.allow(List.of(right("seen.", PatternType.PREFIXED, AclOperation.DESCRIBE)));
    KafkaConfig late = as("late");
    KafkaConfig seeing =
        new KafkaConfig(
            late.bootstrap(),
            "seen.",
            late.guarantee(),
            late.transactionTimeoutMillis(),
            0,
            "",
            late.client());
    assertEquals("seen.releases", Topics.create(seeing, 1).releases());
  }

  private static AclBinding right(String topic, AclOperation operation) {
    return right(topic, PatternType.LITERAL, operation);
  }

  private static AclBinding right(String topic, PatternType pattern, AclOperation operation) {
    return new AclBinding(
        new ResourcePattern(ResourceType.TOPIC, topic, pattern),
        new AccessControlEntry("User:late", "*", operation, AclPermissionType.ALLOW));
  }

  private static KafkaConfig open() {
    return KafkaConfigs.of(broker.open());
  }

  private static void assertMayNotWrite(KafkaConfig who, String... refused) {
    for (String topic : refused) {
      try (RecordWriter writer = new RecordWriter(who)) {
        var written = writer.append(topic, "k", new byte[] {1});
        var e = assertThrows(ExecutionException.class, written::get, topic);
        assertInstanceOf(AuthorizationException.class, e.getCause());
      }
    }
  }

  private static void assertMayNotRead(KafkaConfig who, String... refused) {
    for (String topic : refused) {
      var e =
          assertThrows(
              IllegalStateException.class,
              () -> {
                try (RecordReader reader = RecordReader.fromBeginning(who, List.of(topic))) {
                  reader.poll(POLL);
                }
              },
              topic);
      assertInstanceOf(AuthorizationException.class, e.getCause());
    }
  }

  private static KafkaConfig as(String user) {
    KafkaConfig defaults = MillraceConfig.defaults().kafka();
    return new KafkaConfig(
        broker.secure(),
        defaults.prefix(),
        defaults.guarantee(),
        defaults.transactionTimeoutMillis(),
        0,
        "",
        broker.client(user));
  }

  private static MillraceConfig with(MillraceConfig config, KafkaConfig kafka) {
    return new MillraceConfig(
        config.job(),
        kafka,
        config.checkpoint(),
        config.store(),
        config.base(),
        config.redis(),
        config.heldOut(),
        config.unlabelled(),
        config.score(),
        config.batch(),
        config.learn(),
        config.align(),
        config.compress(),
        config.serve(),
        config.gateway());
  }
}
