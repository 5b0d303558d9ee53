package dev.millrace.job.io;

import static dev.millrace.job.io.RedisAnswerStoreTest.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.config.RedisConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.job.embedded.InstalledRedis;
import dev.millrace.job.embedded.OwnRedis;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** Against real servers: Redis 8 of the machine, and the older one that comes along. */
@Timeout(300)
class RedisVectorStoreTest {

  private static final int PATIENT_MILLIS = 30_000;
  private static final byte[] SET = {1, '{', 2, '}', 0};
  private static final byte[] OTHER = {1, '{', 2, '}', 1};
  private static final byte[] EAST = "east".getBytes(UTF_8);
  private static final byte[] NORTH = {0, -1, 13, 10};

  @TempDir private Path folder;

  @Test
  @Tag("full")
  void nearest_severalSets_isTheNearestOfItsOwnSet() {
    try (InstalledRedis redis = InstalledRedis.start(folder);
        RedisVectorStore store = open(redis.uri(), 100, "", "")) {
      assertNull(store.nearest(SET, at(0)));
      store.add(SET, at(0), EAST);
      store.add(SET, at(1.5), NORTH);
      store.add(OTHER, at(3), EAST);
      assertArrayEquals(EAST, store.nearest(SET, at(0.2)));
      assertArrayEquals(NORTH, store.nearest(SET, at(1.4)));
      assertArrayEquals(EAST, store.nearest(OTHER, at(1.4)));
      assertTrue(store.isUp());
      assertEquals(0, store.failures());
    }
  }

  @Test
  @Tag("full")
  void add_moreThanASetMayHold_othersGiveWay() {
    try (InstalledRedis redis = InstalledRedis.start(folder);
        RedisVectorStore store = open(redis.uri(), 20, "", "");
        Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      for (int i = 0; i < 200; i++) {
        store.add(SET, at(0.01 * i), new byte[] {(byte) i});
      }
      byte[] key = admin.keys("millrace:near:*".getBytes(UTF_8)).iterator().next();
      assertEquals(20, admin.vcard(key));
    }
  }

  /** Vectors have no time to live of their own: none may outlive that of the first. */
  @Test
  @Tag("full")
  void add_again_doesNotPutOffTheEndOfTheSet() throws Exception {
    try (InstalledRedis redis = InstalledRedis.start(folder);
        RedisVectorStore store = open(redis.uri(), 20, "", "");
        Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      store.add(SET, at(0), EAST);
      byte[] key = admin.keys("millrace:near:*".getBytes(UTF_8)).iterator().next();
      assertEquals(600.0, (double) admin.ttl(key), 30);
      admin.expire(key, 2);
      store.add(SET, at(1), NORTH);
      assertTrue(admin.ttl(key) <= 2);
      await(() -> store.nearest(SET, at(0)) == null);
      assertTrue(store.isUp());
    }
  }

  @Test
  @Tag("full")
  void nearest_serverDies_hasNoneAndHealsByItself() throws Exception {
    int port;
    try (InstalledRedis redis = InstalledRedis.start(folder)) {
      port = redis.port();
    }
    try (RedisVectorStore store = open("redis://127.0.0.1:" + port, 100, "", "")) {
      await(() -> !store.isUp()); // it is asked before anybody needs it
      long failures = store.failures();
      for (int i = 0; i < 1000; i++) {
        assertNull(store.nearest(SET, at(0)));
        store.add(SET, at(0), EAST);
      }
      assertEquals(failures, store.failures(), "nobody asks a server that is down");
      try (InstalledRedis redis = InstalledRedis.startAt(port, folder)) {
        await(store::isUp);
        store.add(SET, at(0), EAST);
        assertArrayEquals(EAST, store.nearest(SET, at(0)));
      }
      assertNull(store.nearest(SET, at(0)));
      assertFalse(store.isUp());
    }
  }

  @Test
  @Tag("full")
  void add_serverFull_goesOnReadingAndHealsByItself() throws Exception {
    try (InstalledRedis redis = InstalledRedis.start(folder, "--maxmemory-policy", "noeviction");
        RedisVectorStore store = open(redis.uri(), 100, "", "");
        Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      store.add(SET, at(0), EAST);
      admin.configSet("maxmemory", "1"); // less than it holds
      store.add(SET, at(1), NORTH);
      assertEquals(1, store.failures());
      store.add(SET, at(1), NORTH);
      assertEquals(1, store.failures(), "nobody writes to a server that is full");
      assertArrayEquals(EAST, store.nearest(SET, at(1)));
      assertTrue(store.isUp());
      admin.configSet("maxmemory", "100mb");
      await(
          () -> {
            store.add(SET, at(1), NORTH);
            return store.nearest(SET, at(1))[0] == NORTH[0];
          });
    }
  }

  @Test
  @Tag("full")
  void nearest_setOfAnotherKind_hasNone() {
    try (InstalledRedis redis = InstalledRedis.start(folder);
        RedisVectorStore store = open(redis.uri(), 100, "", "");
        Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      store.add(SET, at(0), EAST);
      byte[] key = admin.keys("millrace:near:*".getBytes(UTF_8)).iterator().next();
      admin.set(key, EAST);
      assertNull(store.nearest(SET, at(0)));
      store.add(SET, at(0), EAST);
    }
  }

  @Test
  @Tag("full")
  void nearest_aclUser_needsTheseRightsAndNoMore() {
    try (InstalledRedis redis = InstalledRedis.start(folder);
        Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      admin.aclSetUser(
          "millrace",
          "on",
          ">right",
          "~millrace:*",
          "+vadd",
          "+vsim",
          "+vcard",
          "+vrem",
          "+vrandmember",
          "+expire",
          "+set");
      try (RedisVectorStore store = open(redis.uri(), 1, "millrace", "right")) {
        store.add(SET, at(0), EAST);
        store.add(SET, at(1), NORTH);
        assertEquals(1, store.nearest(SET, at(0)) == null ? 0 : 1);
        assertTrue(store.isUp());
        assertEquals(0, store.failures());
      }
    }
  }

  /** The embedded Redis is of version 6. */
  @Test
  void open_serverWithoutVectorSets_isDownAndSaysSo() throws Exception {
    try (OwnRedis redis = OwnRedis.start(folder);
        RedisVectorStore store = open(redis.uri(), 100, "", "")) {
      await(() -> !store.isUp());
      assertNull(store.nearest(SET, at(0)));
      store.add(SET, at(0), EAST);
      assertEquals(1, store.failures());
    }
  }

  private static float[] at(double angle) {
    return new float[] {(float) Math.cos(angle), (float) Math.sin(angle), 0, 0};
  }

  private static RedisVectorStore open(String uri, int most, String user, String password) {
    RedisConfig config = new RedisConfig(uri, user, "", 600, PATIENT_MILLIS, 20);
    return RedisVectorStore.open(config, most, new Secret(password.isEmpty() ? null : password));
  }
}
