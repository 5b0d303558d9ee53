package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.RemoteTier;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SharedCacheTest {

  private static final byte[] SECRET = new byte[16];

  private final AtomicInteger closed = new AtomicInteger();

  @Test
  void open_sameName_sharesOneCacheUntilTheLastHolderCloses() {
    SharedCache first = open(1);
    SharedCache second = open(1);
    SharedCache other = open(2);
    assertSame(first.cache(), second.cache());
    assertNotSame(first.cache(), other.cache());
    first.close();
    assertEquals(0, closed.get());
    second.close();
    assertEquals(1, closed.get());
    SharedCache fresh = open(1);
    assertNotSame(first.cache(), fresh.cache());
    fresh.close();
    other.close();
    assertEquals(3, closed.get());
  }

  private SharedCache open(long bytes) {
    return SharedCache.open(
        new SharedCache.Name(
            MillraceConfig.defaults().redis(),
            MillraceConfig.defaults().serve().semantic(),
            bytes,
            ByteBuffer.wrap(SECRET)),
        () -> AnswerCache.of(bytes, new Closing(), SECRET));
  }

  /** Counts how often it is closed. */
  private final class Closing implements RemoteTier {
    @Override
    public byte @Nullable [] get(byte[] key) {
      return null;
    }

    @Override
    public void put(byte[] key, byte[] value) {}

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }
}
