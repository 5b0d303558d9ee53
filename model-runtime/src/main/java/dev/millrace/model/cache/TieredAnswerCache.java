package dev.millrace.model.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.millrace.schema.Answer;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Caffeine in front of a remote tier. */
final class TieredAnswerCache implements AnswerCache {

  private static final int ENTRY_OVERHEAD = 160;

  private final Cache<CacheKey, CachedAnswer> l1;
  private final RemoteTier remote;
  private final AnswerCodec codec;
  private final LongAdder l1Hits = new LongAdder();
  private final LongAdder remoteHits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder bad = new LongAdder();

  TieredAnswerCache(long l1Bytes, RemoteTier remote, AnswerCodec codec) {
    this.l1 =
        Caffeine.newBuilder()
            .maximumWeight(l1Bytes)
            .weigher(TieredAnswerCache::weight)
            .executor(Runnable::run)
            .build();
    this.remote = remote;
    this.codec = codec;
  }

  @Override
  public @Nullable Hit get(CacheKey key) {
    CachedAnswer near = l1.getIfPresent(key);
    if (near != null) {
      l1Hits.increment();
      return new Hit(near, Answer.From.L1);
    }
    CachedAnswer far = fromRemote(key);
    if (far != null) {
      remoteHits.increment();
      l1.put(key, far);
      return new Hit(far, Answer.From.REDIS);
    }
    misses.increment();
    return null;
  }

  @Override
  public void put(CacheKey key, CachedAnswer answer) {
    l1.put(key, answer);
    if (remote != RemoteTier.none()) {
      remote.put(key.toBytes(), codec.encode(key, answer));
    }
  }

  @Override
  public CacheCounts counts() {
    return new CacheCounts(l1Hits.sum(), remoteHits.sum(), misses.sum(), bad.sum());
  }

  @Override
  public void close() {
    remote.close();
  }

  private @Nullable CachedAnswer fromRemote(CacheKey key) {
    byte[] bytes = remote.get(key.toBytes());
    if (bytes == null) {
      return null;
    }
    CachedAnswer answer = codec.decode(key, bytes);
    if (answer == null) {
      bad.increment();
    }
    return answer;
  }

  private static int weight(CacheKey key, CachedAnswer answer) {
    return ENTRY_OVERHEAD + 2 * answer.text().length() + Float.BYTES * answer.embedding().length;
  }
}
