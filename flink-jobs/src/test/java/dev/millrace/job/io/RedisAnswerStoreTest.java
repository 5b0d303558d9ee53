package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.LogLines;
import dev.millrace.job.config.RedisConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.job.embedded.OwnRedis;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClusterFailoverOption;
import redis.clients.jedis.util.JedisClusterCRC16;

/**
 * Against real servers: what makes Redis useless makes every answer a miss, and it heals by itself.
 */
@Timeout(300)
class RedisAnswerStoreTest {

  /** Nothing that answers is given up for being slow, where that is not the matter. */
  private static final int PATIENT_MILLIS = 30_000;

  private static final int SHORT_MILLIS = 50;
  private static final int TRIES = 20;
  private static final byte[] PREFIX = "millrace:answer:".getBytes(StandardCharsets.UTF_8);
  private static final byte[] KEY = {1};
  private static final byte[] VALUE = {7, 8};
  private static final Secret NONE = new Secret(null);

  @TempDir private Path folder;

  @Test
  void get_serverDies_missesAtOnceAndHealsByItself() throws Exception {
    int port;
    try (OwnRedis redis = OwnRedis.start(folder)) {
      port = redis.port();
    }
    try (RedisAnswerStore store = open("redis://127.0.0.1:" + port, "", "", NONE)) {
      try (OwnRedis redis = OwnRedis.startAt(port, folder)) {
        works(store);
      }
      misses(store);
      long failures = store.failures();
      for (int i = 0; i < 1000; i++) {
        assertNull(store.get(KEY));
        store.put(KEY, VALUE);
      }
      assertEquals(failures, store.failures(), "nobody asks a server that is down");
      try (OwnRedis redis = OwnRedis.startAt(port, folder)) {
        await(store::isUp);
        works(store);
      }
    }
  }

  @Test
  void get_serverHangs_missesWithin100MillisAndHealsByItself() throws Exception {
    try (OwnRedis redis = OwnRedis.start(folder);
        RedisAnswerStore store = open(redis.uri(), "", "", NONE, SHORT_MILLIS)) {
      double least = Double.POSITIVE_INFINITY; // others use the processors too
      for (int i = 0; i < TRIES && least >= 100; i++) {
        await(() -> keeps(store));
        redis.freeze();
        long start = System.nanoTime();
        misses(store);
        least = Math.min(least, (System.nanoTime() - start) / 1e6);
        redis.thaw();
      }
      await(() -> Arrays.equals(VALUE, store.get(KEY)));
      assertTrue(least < 100, "took " + least + " ms");
    }
  }

  @Test
  void put_serverFull_goesOnReadingAndHealsByItself() throws Exception {
    try (OwnRedis redis = OwnRedis.start(folder, "--maxmemory-policy", "noeviction");
        RedisAnswerStore store = open(redis.uri(), "", "", NONE);
        Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      works(store);
      byte[] large = new byte[256 << 10];
      for (byte i = 0; i < 8; i++) {
        store.put(new byte[] {2, i}, large);
      }
      admin.configSet("maxmemory", "1mb"); // less than it holds: no probe finds room meanwhile
      while (store.isUp()) {
        store.put(new byte[] {2, 8}, large);
      }
      assertArrayEquals(VALUE, store.get(KEY));
      assertNull(store.get(new byte[] {3}));
      assertArrayEquals(VALUE, store.get(KEY));
      long failures = store.failures();
      store.put(new byte[] {4}, large);
      assertEquals(failures, store.failures());
      admin.configSet("maxmemory", "100mb");
      await(store::isUp);
      store.put(new byte[] {4}, VALUE);
      assertArrayEquals(VALUE, store.get(new byte[] {4}));
    }
  }

  @Test
  void get_valueOfAnotherType_isNoAnswerAndIsReplaced() {
    try (OwnRedis redis = OwnRedis.start(folder);
        RedisAnswerStore store = open(redis.uri(), "", "", NONE);
        Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      byte[] key = RedisLink.key(PREFIX, KEY);
      admin.rpush(key, VALUE);
      assertArrayEquals(new byte[0], store.get(KEY));
      assertTrue(store.isUp());
      assertEquals(0, store.failures());
      works(store);
    }
  }

  /** All of it would be in memory at once, and every other answer would wait for it to come. */
  @Test
  void get_valueLongerThanAnyAnswer_isNoAnswerAndIsReplaced() {
    try (OwnRedis redis = OwnRedis.start(folder);
        RedisAnswerStore store = open(redis.uri(), "", "", NONE);
        Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      admin.setrange(RedisLink.key(PREFIX, KEY), 64 << 20, VALUE);
      assertArrayEquals(new byte[0], store.get(KEY));
      assertTrue(store.isUp());
      assertEquals(0, store.failures());
      works(store);
    }
  }

  @Test
  void put_userWhoMayNotWrite_goesOnReading() throws Exception {
    try (OwnRedis redis = OwnRedis.start(folder);
        Jedis admin = new Jedis("127.0.0.1", redis.port());
        RedisAnswerStore writer = open(redis.uri(), "", "", NONE)) {
      admin.aclSetUser("reader", "on", ">right", "~millrace:*", "+getrange");
      works(writer);
      try (RedisAnswerStore store = open(redis.uri(), "reader", "", new Secret("right"))) {
        for (int i = 0; i < TRIES; i++) {
          store.put(KEY, new byte[] {9});
          assertArrayEquals(VALUE, store.get(KEY));
        }
        assertFalse(store.isUp());
        admin.aclSetUser("reader", "+set");
        await(store::isUp);
        works(store);
      }
    }
  }

  /** Else it would be down and back again and again, with two lines of the log each time. */
  @Test
  void get_userWhoMayNotRead_isDownUntilItMay() throws Exception {
    try (OwnRedis redis = OwnRedis.start(folder);
        Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      admin.aclSetUser("writer", "on", ">right", "~millrace:*", "+set", "+exists");
      try (RedisAnswerStore store = open(redis.uri(), "writer", "", new Secret("right"))) {
        misses(store);
        await(
            () -> {
              assertFalse(store.isUp(), "it may not read");
              return refused(admin) > 3;
            });
        admin.aclSetUser("writer", "+getrange");
        await(store::isUp);
        works(store);
      }
    }
  }

  private static long refused(Jedis server) {
    Matcher reads =
        Pattern.compile("cmdstat_getrange:.*rejected_calls=(\\d+)").matcher(server.info("all"));
    return reads.find() ? Long.parseLong(reads.group(1)) : 0;
  }

  @Test
  void get_serverEvicts_isAMissAndNoFailure() {
    try (OwnRedis redis =
            OwnRedis.start(folder, "--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru");
        RedisAnswerStore store = open(redis.uri(), "", "", NONE)) {
      int kept = 0;
      for (int i = 0; i < 40; i++) {
        store.put(new byte[] {2, (byte) i}, new byte[256 << 10]);
      }
      for (int i = 0; i < 40; i++) {
        kept += store.get(new byte[] {2, (byte) i}) == null ? 0 : 1;
      }
      assertTrue(kept < 12, "kept " + kept);
      assertEquals(0, store.failures());
      assertTrue(store.isUp());
    }
  }

  @Test
  void get_aclUser_worksWithTheRightPasswordOnly() throws Exception {
    try (OwnRedis redis = OwnRedis.start(folder);
        Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      admin.aclSetUser("millrace", "on", ">right", "~millrace:*", "+getrange", "+set");
      try (RedisAnswerStore store = open(redis.uri(), "millrace", "", new Secret("right"))) {
        works(store);
      }
      try (RedisAnswerStore store = open(redis.uri(), "millrace", "", new Secret("wrong"))) {
        misses(store);
        admin.aclSetUser("millrace", ">wrong");
        await(store::isUp);
        works(store);
      }
    }
  }

  /** As docs/security.md has it. */
  @Test
  void get_aclUserAndADatabaseInTheUri_needsToSelectIt() throws Exception {
    try (OwnRedis redis = OwnRedis.start(folder);
        Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      admin.aclSetUser("millrace", "on", ">right", "~millrace:*", "+getrange", "+set");
      try (RedisAnswerStore store = open(redis.uri() + "/2", "millrace", "", new Secret("right"))) {
        misses(store);
        admin.aclSetUser("millrace", "+select");
        await(store::isUp);
        works(store);
      }
    }
  }

  @Test
  void get_byTls_worksWithTheRightCertificateOnly() throws Exception {
    try (OwnRedis redis = OwnRedis.start(folder);
        TlsFront own = TlsFront.start(redis.port(), folder, "ip:127.0.0.1");
        TlsFront foreign = TlsFront.start(redis.port(), folder, "ip:127.0.0.2")) {
      try (RedisAnswerStore store = tls(own, own.certificate().toString())) {
        await(() -> answers(store)); // the first handshake of a process loads a lot
        works(store);
      }
      List<RedisAnswerStore> untrusting =
          List.of(
              tls(own, foreign.certificate().toString()), // unknown
              tls(own, ""), // known to no authority
              tls(foreign, foreign.certificate().toString())); // another's name
      for (RedisAnswerStore store : untrusting) {
        try (store) {
          assertNull(store.get(KEY));
          assertFalse(store.isUp());
        }
      }
    }
  }

  @Test
  void get_byTlsFromAServerThatSpeaksNone_missesAndSaysSo() throws Exception {
    try (OwnRedis redis = OwnRedis.start(folder);
        LogLines lines = LogLines.of(Circuit.class)) {
      String tls = "rediss://127.0.0.1:" + redis.port();
      try (RedisAnswerStore store = open(tls, "", "", NONE, 500)) {
        misses(store);
      }
      redis.freeze();
      try (RedisAnswerStore store = open(redis.uri(), "", "", NONE, SHORT_MILLIS)) {
        misses(store);
      }
      redis.thaw();
      List<String> said = lines.said();
      assertEquals(2, said.size(), said::toString);
      assertTrue(said.get(0).endsWith("Read timed out: the server may not speak TLS"), said.get(0));
      assertTrue(said.get(1).endsWith("Read timed out"), said.get(1));
    }
  }

  private static boolean answers(RedisAnswerStore store) {
    store.put(KEY, VALUE);
    return store.isUp();
  }

  private static boolean keeps(RedisAnswerStore store) {
    return answers(store) && Arrays.equals(VALUE, store.get(KEY)) && store.isUp();
  }

  private static RedisAnswerStore tls(TlsFront front, String caFile) {
    return open("rediss://127.0.0.1:" + front.port(), "", caFile, NONE);
  }

  @Test
  void get_clusterOfTwo_findsEachKeyWhereItIs() throws Exception {
    String[] options = {"--cluster-enabled", "yes", "--cluster-node-timeout", "500"};
    try (OwnRedis a = OwnRedis.start(folder.resolve("a"), options);
        OwnRedis b = OwnRedis.start(folder.resolve("b"), options)) {
      gather(a, b);
      String uri = "redis+cluster://127.0.0.1:" + a.port() + ",127.0.0.1:" + b.port();
      try (RedisAnswerStore store = open(uri, "", "", NONE)) {
        await(() -> answers(store));
        for (byte i = 0; i < 50; i++) {
          store.put(new byte[] {9, i}, new byte[] {i});
        }
        for (byte i = 0; i < 50; i++) {
          assertArrayEquals(new byte[] {i}, store.get(new byte[] {9, i}));
        }
      }
      assertTrue(size(a) > 5 && size(b) > 5, size(a) + " and " + size(b) + " keys");
    }
  }

  /** As where its host is gone: connections to it stay, and nobody says that they are of no use. */
  @Test
  void get_serverOfAClusterHangs_missesUntilAnotherTakesItsPlace() throws Exception {
    String[] options = {"--cluster-enabled", "yes", "--cluster-node-timeout", "500"};
    try (OwnRedis a = OwnRedis.start(folder.resolve("a"), options);
        OwnRedis b = OwnRedis.start(folder.resolve("b"), options);
        OwnRedis c = OwnRedis.start(folder.resolve("c"), options)) {
      gather(a, b);
      assertTrue(JedisClusterCRC16.getSlot(RedisLink.key(PREFIX, KEY)) < 8192, "it is a's");
      String uri = "redis+cluster://127.0.0.1:" + a.port() + ",127.0.0.1:" + b.port();
      try (Jedis first = new Jedis("127.0.0.1", a.port());
          Jedis second = new Jedis("127.0.0.1", b.port());
          Jedis third = new Jedis("127.0.0.1", c.port());
          RedisAnswerStore store = open(uri, "", "", NONE, SHORT_MILLIS)) {
        for (OwnRedis met : List.of(a, b)) {
          third.clusterMeet("127.0.0.1", met.port());
        }
        await(() -> third.clusterNodes().contains(first.clusterMyId()));
        third.clusterReplicate(first.clusterMyId());
        await(() -> second.clusterNodes().contains(third.clusterMyId()));
        await(() -> keeps(store));
        await(() -> third.dbSize() > 0);
        a.freeze();
        misses(store);
        long probes = probes(second);
        await(
            () -> {
              assertFalse(store.isUp(), "not all servers answer");
              return probes(second) > probes + 2;
            });
        third.clusterFailover(ClusterFailoverOption.TAKEOVER);
        await(() -> keeps(store));
        a.thaw();
      }
    }
  }

  private static long probes(Jedis server) {
    Matcher reads = Pattern.compile("cmdstat_getrange:calls=(\\d+)").matcher(server.info("all"));
    return reads.find() ? Long.parseLong(reads.group(1)) : 0;
  }

  /** With the rights of docs/security.md, also while the key's slot moves to the other server. */
  @Test
  void get_clusterAndAclUser_worksWithTheRightsThatAreNamed() throws Exception {
    String[] options = {"--cluster-enabled", "yes", "--cluster-node-timeout", "500"};
    try (OwnRedis a = OwnRedis.start(folder.resolve("a"), options);
        OwnRedis b = OwnRedis.start(folder.resolve("b"), options)) {
      gather(a, b);
      String uri = "redis+cluster://127.0.0.1:" + a.port() + ",127.0.0.1:" + b.port();
      try (Jedis first = new Jedis("127.0.0.1", a.port());
          Jedis second = new Jedis("127.0.0.1", b.port());
          RedisAnswerStore store = open(uri, "millrace", "", new Secret("right"))) {
        for (Jedis node : List.of(first, second)) {
          node.aclSetUser("millrace", "on", ">right", "~millrace:*", "-@all");
          node.aclSetUser("millrace", "+getrange", "+set", "+ping", "+hello", "+client");
        }
        misses(store);
        for (Jedis node : List.of(first, second)) {
          node.aclSetUser("millrace", "+cluster|slots", "+asking");
        }
        await(() -> answers(store));
        int slot = JedisClusterCRC16.getSlot(RedisLink.key(PREFIX, KEY));
        Jedis from = slot < 8192 ? first : second;
        Jedis to = slot < 8192 ? second : first;
        to.clusterSetSlotImporting(slot, from.clusterMyId());
        from.clusterSetSlotMigrating(slot, to.clusterMyId());
        from.del(RedisLink.key(PREFIX, KEY));
        works(store);
        assertEquals(0, from.dbSize());
        assertEquals(1, to.dbSize());
      }
    }
  }

  private static void gather(OwnRedis a, OwnRedis b) throws Exception {
    try (Jedis first = new Jedis("127.0.0.1", a.port());
        Jedis second = new Jedis("127.0.0.1", b.port())) {
      first.clusterAddSlots(IntStream.range(0, 8192).toArray());
      second.clusterAddSlots(IntStream.range(8192, 16384).toArray());
      first.clusterMeet("127.0.0.1", b.port());
      await(() -> isWhole(first, second));
      for (Jedis node : List.of(first, second)) { // met soon, none is missed soon
        node.configSet("cluster-node-timeout", String.valueOf(PATIENT_MILLIS));
      }
      await(() -> isWhole(first, second));
    }
  }

  private static boolean isWhole(Jedis first, Jedis second) {
    return first.clusterInfo().contains("cluster_state:ok")
        && second.clusterInfo().contains("cluster_state:ok")
        && first.clusterInfo().contains("cluster_known_nodes:2");
  }

  private static long size(OwnRedis redis) {
    try (Jedis jedis =
        new Jedis(
            new HostAndPort("127.0.0.1", redis.port()),
            DefaultJedisClientConfig.builder().build())) {
      return jedis.dbSize();
    }
  }

  private static void works(RedisAnswerStore store) {
    store.put(KEY, VALUE);
    assertArrayEquals(VALUE, store.get(KEY));
    assertTrue(store.isUp());
  }

  private static void misses(RedisAnswerStore store) {
    assertNull(store.get(KEY));
    assertFalse(store.isUp());
  }

  static void await(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      Thread.sleep(5);
    }
  }

  private static RedisAnswerStore open(String uri, String user, String caFile, Secret password) {
    return open(uri, user, caFile, password, PATIENT_MILLIS);
  }

  private static RedisAnswerStore open(
      String uri, String user, String caFile, Secret password, int timeoutMillis) {
    RedisConfig config = new RedisConfig(uri, user, caFile, 600, timeoutMillis, 20);
    return RedisAnswerStore.open(config, password);
  }
}
