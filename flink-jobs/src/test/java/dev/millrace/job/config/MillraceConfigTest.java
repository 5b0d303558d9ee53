package dev.millrace.job.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.exchange.Codecs;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.util.InstantiationUtil;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MillraceConfigTest {

  @Test
  void read_settings_areAboveTheDefaults() {
    MillraceConfig config =
        read(
            "kafka.guarantee=at-least-once",
            "kafka.client.linger.ms=5",
            "learn.train.epochs=3",
            "learn.gate.minGain = -0.5");
    assertEquals(KafkaConfig.Guarantee.AT_LEAST_ONCE, config.kafka().guarantee());
    assertEquals(Map.of("linger.ms", "5"), config.kafka().client());
    assertEquals(3, config.learn().train().epochs());
    assertEquals(-0.5, config.learn().gate().minGain());
    assertEquals(MillraceConfig.defaults().score(), config.score());
  }

  @Test
  void read_weights_areNumbersByName() {
    MillraceConfig config =
        read("score.weights.source.pubmed=2", "score.weights.domain.health=0.5");
    assertEquals(Map.of("pubmed", "2"), config.score().weights().source());
    assertEquals(Map.of("health", "0.5"), config.score().weights().domain());
    MillraceConfig ofAnyName = read("score.weights.domain.tokens=2");
    assertEquals(Map.of("tokens", "2"), ofAnyName.score().weights().domain());
    assertRefused("source pubmed is \"much\"", "score.weights.source.pubmed=much");
  }

  @Test
  void read_severalProblems_allReportedTogether() {
    var e =
        refused(
            "kafka.bootsrap=k:1",
            "frob=3",
            "job.parallelism=two",
            "job.name=a b",
            "batch.count=0",
            "kafka.guarantee=maybe",
            "redis.uri=redis://u:hunter2@h:1",
            "kafka.registry=u:8081",
            "checkpoint.dir=/checkpoints",
            "store.uri=",
            "base.dir=",
            "oops");
    String all = e.getMessage();
    assertEquals(12, e.problems().size(), all);
    assertTrue(all.contains("unknown key kafka.bootsrap, did you mean kafka.bootstrap?"), all);
    assertTrue(all.contains("unknown key frob, expected one of docs/configuration.md"), all);
    assertTrue(all.contains("job.parallelism is \"two\", expected a whole number"), all);
    assertTrue(all.contains("batch.count is \"0\", expected more than 0"), all);
    assertTrue(all.contains("expected exactly-once or at-least-once"), all);
    assertTrue(all.contains("kafka.registry is \"u:8081\", expected http[s]://host"), all);
    assertTrue(all.contains("checkpoint.dir is \"/checkpoints\", expected a URI such as"), all);
    assertTrue(all.contains("store.uri is \"\", expected a folder or its URI"), all);
    assertTrue(all.contains("\"oops\" is not key=value"), all);
    assertFalse(all.contains("hunter2"), all);
  }

  @Test
  void read_problemsOfValuesAndOfWhatTheyMeanTogether_allReportedTogether() {
    var e =
        refused(
            "kafka.bootsrap=k:1",
            "learn.train.epsilon=0",
            "learn.watch.window=15",
            "checkpoint.intervalMillis=300001");
    assertEquals(4, e.problems().size(), e.getMessage());
  }

  @Test
  void read_passwordOfAnyCharactersInAUri_isNotRepeated() {
    for (String password : List.of("hunter2", "a/hunter2", "a@hunter2", "//hunter2")) {
      var e = refused("redis.uri=redis://u:" + password + "@h:1");
      assertFalse(e.getMessage().contains("hunter2"), e.getMessage());
      assertTrue(e.getMessage().contains("redis://…@h:1"), e.getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "kafka.bootstrap=h:99999",
    "'kafka.bootstrap=h:1,h:65536'",
    "kafka.bootstrap=h:0",
    "kafka.bootstrap=h:99999999999999999999",
    "kafka.registry=http://h:65536/path",
    "redis.uri=redis://h:65536/1"
  })
  void read_portThatNoneHas_isRefused(String setting) {
    var e = refused(setting);
    assertTrue(e.getMessage().endsWith("expected a port from 1 to 65535"), e.getMessage());
    MillraceConfig unused = read(setting.replaceAll(":\\d+\\b", ":65535"));
  }

  /** It would be asked a thousand times a second whether it is back. */
  @Test
  void read_redisIsTriedAgainAtOnce_isRefused() {
    String refused = refused("redis.backoffMillis=0").getMessage();
    assertTrue(refused.contains("redis.backoffMillis is \"0\", expected more than 0"), refused);
    assertEquals(
        Long.MAX_VALUE, read("redis.backoffMillis=" + Long.MAX_VALUE).redis().backoffMillis());
  }

  @Test
  void read_brokersOfIpV6_areInBrackets() {
    String brokers = "[::1]:9092,[fe80::1%eth0]:9092,h:1";
    assertEquals(brokers, read("kafka.bootstrap=" + brokers).kafka().bootstrap());
    for (String broker : List.of("::1:9092", "[::1]", "[h]:1", "[::1:9092")) {
      assertTrue(refused("kafka.bootstrap=" + broker).getMessage().contains("host:port"), broker);
    }
  }

  /** One of the two would win, and nothing would say which. */
  @ParameterizedTest
  @CsvSource({
    "bootstrap.servers, kafka.bootstrap",
    "transaction.timeout.ms, kafka.transactionTimeoutMillis",
    "partition.discovery.interval.ms, kafka.discoveryMillis",
    "group.id, job.name",
    "transactional.id, job.name",
    "isolation.level, none",
    "enable.auto.commit, none",
    "auto.offset.reset, none",
    "value.deserializer, none",
    "key.serializer, none"
  })
  void read_clientPropertyThatIsOurs_isRefusedAndOursIsNamed(String property, String ours) {
    String key = "kafka.client." + property;
    String refused = refused(key + "=1").getMessage();
    assertTrue(refused.contains(key + " is set, expected " + ours), refused);
  }

  /** Or the answers' cache would be said to be down for ever. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "redis://h:63l9",
        "redis://h:",
        "rediss://h:1:2",
        "redis://::1:6379",
        "redis://[::1]",
        "redis://h:1?db=1",
        "redis+cluster://a:1,b:"
      })
  void read_addressOfRedisThatNoneHas_isRefused(String uri) {
    assertRefused(
        "redis.uri is \"" + uri + "\", expected redis[s]://host:port or", "redis.uri=" + uri);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"redis://h", "rediss://[::1]:6379/1", "redis+cluster://a,b:2,[::1]:3/", ""})
  void read_addressOfRedis_isTaken(String uri) {
    assertEquals(uri, read("redis.uri=" + uri).redis().uri());
  }

  /** The same. */
  @Test
  void read_databaseOfRedisThatNoneHas_isRefused() {
    String uri = "redis.uri=redis://h:1/";
    assertEquals("redis://h:1/999999999", read(uri + "999999999").redis().uri());
    refused(uri + "9999999999");
  }

  /** With them every candidate would be refused, and no release ever taken back. */
  @Test
  void read_numbersByWhichNothingIsLearnedOrTakenBack_areRefused() {
    List<String> settings =
        List.of(
            "learn.train.settleSteps=0",
            "learn.train.epsilon=0",
            "learn.train.clipNorm=0",
            "learn.train.beta1=1",
            "learn.train.beta2=1",
            "learn.gate.resamples=0",
            "learn.gate.paritySamples=0",
            "learn.gate.protectedSamples=0",
            "batch.heldOut=0",
            "learn.heldOut=3",
            "learn.watch.resamples=0",
            "learn.watch.level=99");
    var e = refused(settings.toArray(String[]::new));
    assertEquals(settings.size(), e.problems().size(), e.getMessage());
    assertTrue(e.getMessage().contains("learn.train.settleSteps is 0, expected more than 0"));
    assertTrue(
        e.getMessage()
            .contains("learn.heldOut is 3, expected at least learn.gate.minHeldOutSamples, 4"));
    assertTrue(e.getMessage().contains("learn.train.beta1 is 1.0, expected less than 1"));
    Map<String, String> ofAnOldRelease =
        settings.stream()
            .map(setting -> setting.split("=", 2))
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    MillraceConfig.defaults().with(ofAnOldRelease);
  }

  /** A job would start with them, and then do nothing of use, or nothing at all. */
  @ParameterizedTest
  @CsvSource({
    "job.trainNice, 21, 20",
    "job.maxParallelism, 32769, 32768",
    "learn.rank, 2147483647, 1024",
    "learn.alpha, 1e7, 1000000",
    "learn.halvings, 2147483647, 30",
    "learn.plan.threads, 2147483647, 1024",
    "learn.exchange.trainers, 2147483647, 1024",
    "learn.train.replayShare, 1e300, 1000",
    "redis.timeoutMillis, 60000, 5000",
    "serve.fetchers, 2147483647, 1024",
    "learn.gate.resamples, 2147483647, 1000000",
    "learn.watch.resamples, 2147483647, 1000000",
    "score.memory.exact, 2147483647, 1048576",
    "score.memory.near, 2147483647, 1048576",
    "score.memory.heldOut, 2147483647, 1048576",
    "score.memory.lines, 1073741824, 1048576",
    "score.memory.embeddings, 2147483647, 1048576",
    "score.memory.qualities, 2147483647, 1048576",
    "score.shape.minDistinctShare, 18, 1",
    "score.shape.maxSymbolShare, 50, 1",
    "score.shape.maxDamageShare, 2, 1",
    "learn.gate.minRoutingAgreement, 60, 1",
    "learn.gate.lesson.minOrder, 5, 1"
  })
  void read_numberTooLargeToBeOfUse_isRefusedWithTheRange(String key, String value, int most) {
    read(key + "=" + most);
    var e = refused(key + "=" + value);
    assertTrue(e.getMessage().contains(key + " is \"" + value + "\", expected"), e.getMessage());
    assertTrue(e.getMessage().contains(" " + most), e.getMessage());
  }

  @Test
  void read_compressOutOfRange_saysWhatIsExpected() {
    String all =
        refused(
                "compress.factor=0.5",
                "compress.steps=0",
                "compress.text=1.5",
                "compress.release=3f9a")
            .getMessage();
    assertTrue(all.contains("compress.factor is \"0.5\", expected more than 1"), all);
    assertRefused("\"1\", expected more than 1", "compress.factor=1");
    assertTrue(all.contains("compress.steps is \"0\", expected more than 0"), all);
    assertTrue(all.contains("compress.text is \"1.5\", expected a share from 0 to 1"), all);
    assertTrue(all.contains("compress.release is \"3f9a\", expected the 64 hexadecimal"), all);
    assertEquals(-1, read("compress.seed=-1").compress().seed());
  }

  @Test
  void read_adapterThatIsNotThereOrCannotDoIt_saysWhatIsExpected() {
    assertRefused("\"dora\", expected one of lora, injection", "learn.adapter=dora");
    String injection = "learn.adapter=injection";
    assertRefused("injection adds to no expert", injection, "learn.routedExperts=true");
    assertRefused("injection is no LoRA", injection, "learn.rsLora=true");
    assertRefused("{q_proj=2}", injection, "learn.pattern.rank.q_proj=2");
  }

  @Test
  void read_ranksByPatterns_areThoseOfThePartsThatTheirNamesFit() {
    MillraceConfig config =
        read("learn.pattern.rank.mlp\\.experts\\..*=2", "learn.pattern.alpha.q_proj=4.5");
    assertEquals(Map.of("mlp\\.experts\\..*", "2"), config.learn().pattern().rank());
    assertEquals(Map.of("q_proj", "4.5"), config.learn().pattern().alpha());
    read("learn.pattern.rank.q_proj=1024");
    assertRefused("from 1 to 1024", "learn.pattern.rank.q_proj=1025");
    assertEquals(
        List.of("rank of pattern q_proj is \"many\", expected a whole number from 1 to 1024"),
        refused("learn.pattern.rank.q_proj=many").problems());
  }

  /** Of keys that an environment should name and does not, commas are left: nobody had to sign. */
  @Test
  void read_trustedKeysThatAreNone_areRefusedAndNotRepeated() throws Exception {
    KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    String own = Base64.getEncoder().encodeToString(pair.getPublic().getEncoded());
    String secret = Base64.getEncoder().encodeToString(pair.getPrivate().getEncoded());
    assertEquals(
        own + ", " + own, read("store.trustedKeys=" + own + ", " + own).store().trustedKeys());
    assertRefused(
        "store.trustedKeys: there is no key between its commas, expected one",
        "store.trustedKeys= , ,");
    read("store.trustedKeys=" + own + ","); // one that is not set any more, or not yet
    var e = refused("store.trustedKeys=" + own + "," + secret);
    assertEquals(
        List.of(
            "store.trustedKeys: public key 2 has 64 characters, expected the base64 of an Ed25519"
                + " key in X.509 form"),
        e.problems());
  }

  @Test
  void read_secret_namesVariableAndKeepsQuiet() {
    var e = refused("kafka.client.sasl.jaas.config=hunter2");
    assertTrue(e.getMessage().contains(Secret.KAFKA_JAAS), e.getMessage());
    assertFalse(e.getMessage().contains("hunter2"), e.getMessage());
    assertFalse(new Secret("hunter2").toString().contains("hunter2"));
  }

  /** Many a key counts tokens. */
  @Test
  void read_keyThatSoundsLikeASecretAndIsMisspelt_isToldTheNearOne() {
    var e = refused("learn.gate.minHeldoutTokens=300");
    String expected =
        "unknown key learn.gate.minHeldoutTokens, did you mean learn.gate.minHeldOutTokens?";
    assertEquals(expected, e.problems().get(0), e.getMessage());
  }

  @Test
  void read_secretOfAKafkaClient_isAReferenceToTheEnvironment() {
    for (String key :
        List.of(
            "ssl.truststore.password",
            "ssl.keystore.password",
            "ssl.key.password",
            "ssl.keystore.key")) {
      String setting = "kafka.client." + key + "=";
      MillraceConfig config = read(setting + "${env:TRUST_1}");
      assertEquals(Map.of(key, "${env:TRUST_1}"), config.kafka().client());
      assertEquals(config, MillraceConfig.defaults().with(config.toMap()));
      for (String value : List.of("hunter2", "hunter2${env:A}", "-----BEGIN hunter2", "")) {
        String refused = refused(setting + value).getMessage();
        assertTrue(refused.contains(key + " looks like a secret, expected ${env:"), refused);
        assertFalse(refused.contains("hunter2"), refused);
      }
    }
    refused("redis.password=${env:TRUST_1}");
  }

  /** Of certificates Kafka says so too, though everybody may read them. */
  @ParameterizedTest
  @MethodSource("clients")
  void read_whatKafkasClientsCallAPassword_isNotTakenAsItIs(ConfigDef client) {
    List<String> passwords =
        client.configKeys().values().stream()
            .filter(key -> key.type == ConfigDef.Type.PASSWORD)
            .map(key -> key.name)
            .filter(name -> !name.contains("certificate"))
            .toList();
    assertTrue(passwords.contains("ssl.key.password"), passwords.toString());
    for (String name : passwords) {
      String refused = refused("kafka.client." + name + "=hunter2").getMessage();
      assertTrue(refused.contains(name + " looks like a secret"), refused);
    }
  }

  static List<ConfigDef> clients() {
    return List.of(
        ConsumerConfig.configDef(), ProducerConfig.configDef(), AdminClientConfig.configDef());
  }

  @Test
  void with_itsOwnMap_isTheSame() {
    MillraceConfig config =
        MillraceConfig.defaults().with(Map.of("kafka.client.a.b", "c", "redis.uri", "redis://h:1"));
    assertEquals(config, MillraceConfig.defaults().with(config.toMap()));
  }

  @Test
  void serialize_defaults_comeBack() throws Exception {
    MillraceConfig config = MillraceConfig.defaults();
    assertEquals(config, InstantiationUtil.clone(config));
  }

  @Test
  void read_alignBeyondWhatAReleaseOrATaskTakes_saysTheBounds() {
    String problems =
        refused(
                "align.rank=65",
                "align.batch=200",
                "align.steps=100",
                "align.heldOut=16",
                "align.leastHeldOut=17")
            .getMessage();
    for (String expected :
        List.of(
            "align.rank is \"65\", expected at most 64",
            "align.leastHeldOut is 17, expected at most align.heldOut, 16",
            "align.batch × align.steps is 20000, expected at most 16384")) {
      assertTrue(problems.contains(expected), problems);
    }
  }

  /** Of more the steps alone fill the memory; an old release that had more is trained again. */
  @Test
  void read_moreEpochsThanAreOfUse_saysTheBound() {
    read("learn.train.epochs=1000");
    assertRefused("learn.train.epochs is 1001, expected at most 1000", "learn.train.epochs=1001");
    MillraceConfig.defaults().with(Map.of("learn.train.epochs", "1500"));
  }

  /** Its release would be published, and read by nobody. */
  @Test
  void read_moreSamplesThanAReleaseNames_saysTheBound() {
    read("batch.count=9488"); // 256 wait, and 256 are replayed
    assertRefused(
        "batch.count + learn.waiting is 9745, with 256 replayed samples, expected at most 10000",
        "batch.count=9489");
    assertRefused(
        "batch.count + learn.waiting is 8001, with 2001 replayed samples, expected at most 10000",
        "batch.count=8001",
        "learn.waiting=0",
        "learn.replay=2147483647");
    assertRefused(
        "align.batch is 32, with 9969 replayed samples, expected at most 10000",
        "align.replay=9969");
    MillraceConfig.defaults().with(Map.of("batch.count", "2147483647"));
  }

  /** Of more texts some would be forgotten before they are held against the others. */
  @Test
  void read_moreTextsThanCanAgree_saysTheBound() {
    assertRefused("\"65\", expected at most 64", "unlabelled.agree=65");
  }

  /** Each would end the job at its first sample, again and again. */
  @ParameterizedTest
  @CsvSource({
    "memory.exact,0,more than 0",
    "memory.near,0,more than 0",
    "memory.heldOut,0,more than 0",
    "memory.lines,0,a power of two",
    "memory.lines,1000,a power of two",
    "memory.referenceBits,1,at least 8",
    "memory.referenceBits,31,at most 24",
    "memory.embeddings,3,at least 4",
    "memory.qualities,3,at least 4",
    "model.readTokens,1,at least 2",
    "model.trainTokens,0,at least 2"
  })
  void read_scorerThatCouldNotWork_isRefused(String key, String value, String expected) {
    String problem = "score.%s is \"%s\", expected %s".formatted(key, value, expected);
    assertRefused(problem, "score." + key + "=" + value);
  }

  /** What is like a text that judges would teach. */
  @Test
  void read_fewerSignaturesThanMayJudge_isRefused() {
    assertRefused("batch.heldOut is 255, expected at least 256", "batch.heldOut=255");
    assertRefused(
        "score.memory.heldOut is 1535, expected at least 1536, six times 256",
        "score.memory.heldOut=1535");
    assertRefused(
        "score.memory.heldOut is 2048, expected at least 2400, six times learn.heldOut",
        "learn.heldOut=400");
    assertRefused(
        "score.memory.heldOut is 2048, expected at least 3000, six times align.heldOut",
        "align.heldOut=500");
    read("learn.heldOut=400", "score.memory.heldOut=2400", "batch.heldOut=256");
    read("align.heldOut=500", "align.batch=0");
  }

  /** As many as the scorer could not remember. */
  @Test
  void read_moreJudgesThanAreGuarded_isRefusedByTheirNumberAlone() {
    for (int many : new int[] {174_763, Integer.MAX_VALUE}) {
      assertEquals(
          List.of("learn.heldOut is " + many + ", expected at most 174762"),
          refused("learn.heldOut=" + many).problems());
    }
    read("learn.heldOut=174762", "score.memory.heldOut=1048576");
  }

  @Test
  void read_captionsComparedWithMoreThanAreKept_isRefused() {
    assertRefused(
        "score.align.leastOthers is 16, expected at most score.memory.embeddings, 15",
        "score.memory.embeddings=15");
    read("score.memory.embeddings=15", "score.align.leastOthers=15");
  }

  @Test
  void read_watchThatSeesFewerThanDecide_isRefused() {
    assertRefused(
        "learn.watch.least is 16, expected at most learn.watch.window, 15",
        "learn.watch.window=15");
    read("learn.watch.window=15", "learn.watch.samples=0");
    MillraceConfig.defaults().with(Map.of("learn.watch.window", "15"));
  }

  /** Flink failed the job at its start, and named no key. */
  @Test
  void read_whatFlinkRefuses_isNamedByItsKey() {
    assertRefused(
        "job.parallelism is 200, expected at most job.maxParallelism, 128", "job.parallelism=200");
    assertRefused(
        "learn.exchange.processes is 9, expected at most job.maxParallelism, 8",
        "job.maxParallelism=8",
        "learn.exchange.processes=9");
    read("job.parallelism=200", "job.maxParallelism=200");
    read("learn.exchange.processes=1024", "job.maxParallelism=1024");
    assertRefused("\"1025\", expected at most 1024", "learn.exchange.processes=1025");
    assertRefused(
        "checkpoint.intervalMillis is \"9\", expected at least 10", "checkpoint.intervalMillis=9");
    read("checkpoint.intervalMillis=10");
  }

  @Test
  void read_checkpointsThatATransactionMayNotOutlast_areRefused() {
    assertRefused(
        "checkpoint.intervalMillis is 300001, expected at most half of"
            + " kafka.transactionTimeoutMillis, 600000",
        "checkpoint.intervalMillis=300001");
    read("checkpoint.intervalMillis=300000");
  }

  /** Flink holds decisions back from a task that waits, so it would switch when it has room. */
  @Test
  void read_switchingTogetherWhereATaskMayWait_isRefused() {
    var e = refused("serve.activation=together", "serve.whenFull=wait");
    String expected =
        "serve.activation is together, expected independent where serve.whenFull is wait";
    assertTrue(e.getMessage().contains(expected), e.getMessage());
    read("serve.activation=together");
    read("serve.whenFull=wait");
  }

  @Test
  void with_codecs_takesThoseThatThereAre() {
    for (String codec :
        List.of("dense", "int8", "int5", "int4", "sign", "topk:0.05", "topk:1", "lowrank:2")) {
      MillraceConfig config = MillraceConfig.defaults().with(Map.of("learn.exchange.codec", codec));
      assertEquals(Codecs.named(codec), Codecs.named(config.learn().exchange().codec()));
    }
    for (String codec : List.of("zip", "topk", "topk:0", "topk:0.0", "topk:2", "lowrank:0")) {
      InvalidConfigException refused =
          assertThrows(
              InvalidConfigException.class,
              () -> MillraceConfig.defaults().with(Map.of("learn.exchange.codec", codec)));
      assertTrue(refused.getMessage().contains("expected dense, int8, int5, int4, sign"), codec);
    }
  }

  private static MillraceConfig read(String... settings) {
    return MillraceConfig.read(List.of(settings));
  }

  private static void assertRefused(String problem, String... settings) {
    String problems = refused(settings).getMessage();
    assertTrue(problems.contains(problem), problems);
  }

  private static InvalidConfigException refused(String... settings) {
    return assertThrows(
        InvalidConfigException.class, () -> read(settings), String.join(" ", settings));
  }
}
