package dev.millrace.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.job.config.SemanticConfig;
import dev.millrace.job.config.ServeConfig;
import dev.millrace.job.io.RedisAnswerStore;
import dev.millrace.job.io.RedisVectorStore;
import dev.millrace.job.operator.serve.Serving;
import dev.millrace.model.align.AlignWeights;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKeys;
import dev.millrace.model.cache.ErrorBound;
import dev.millrace.model.cache.SemanticTier;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.serve.Carrier;
import dev.millrace.model.serve.Carriers;
import dev.millrace.model.serve.MediaReader;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.serve.ServeLimits;
import dev.millrace.model.serve.ServingParts;
import dev.millrace.model.swap.AlignmentSource;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.ReleaseSource;
import dev.millrace.model.swap.SwapConfig;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens what a subtask answers with: a responder with its live releases and the cache of its
 * process.
 */
record ServingOpening(MillraceConfig config, Resources resources) {

  private static final Logger LOG = LoggerFactory.getLogger(ServingOpening.class);

  private static final Pattern LOOPBACK =
      Pattern.compile("rediss?://(127\\.0\\.0\\.1|localhost)([:/].*)?");

  /** A domain without a release is answered by the base. */
  Serving open(int subtask) throws Exception {
    BaseModel base = Openers.base(config, resources);
    Tokenizer tokenizer = Openers.tokenizer(config, resources);
    List<Carrier> older = older();
    List<BaseModel> bases = new ArrayList<>(List.of(base));
    older.forEach(carrier -> bases.add(carrier.base()));
    Carriers carriers = Carriers.of(new Carrier(base, tokenizer), older);
    NewBases next =
        resources.add(
            new NewBases(
                Path.of(config.base().dir()), base, Openers.publishedBases(config), carriers));
    byte[] key = cacheKey();
    AnswerCache cache = resources.add(cache(key)).cache();
    Aligner aligner = Openers.aligner(config, base, resources);
    LiveReleases aligned =
        aligner == null ? adapters(bases).aligningLater() : aligning(base, bases);
    LiveReleases releases = resources.add(aligned.rebasing(next));
    ServingParts parts =
        new ServingParts(
            carriers,
            releases,
            cache,
            CacheKeys.of(key),
            Clock.systemUTC(),
            new MediaReader(aligner));
    Responder responder = resources.add(Responder.of(parts, ServeLimits.defaults(), subtask));
    return new Serving(responder, releases, cache);
  }

  private LiveReleases adapters(List<BaseModel> bases) {
    return LiveReleases.of(
        bases,
        ReleaseSource.keeping(Openers.trusted(config), Openers.files(config), bases),
        within());
  }

  private LiveReleases aligning(BaseModel base, List<BaseModel> bases) throws IOException {
    String encoders = AlignWeights.id(Openers.alignFolder(config)); // first: it may fail
    return adapters(bases)
        .aligning(
            AlignmentSource.keeping(
                Openers.trusted(config), Openers.files(config), base.id(), encoders));
  }

  private SwapConfig within() {
    ServeConfig serve = config.serve();
    return new SwapConfig(serve.hotBytes(), serve.fetchers(), SwapConfig.defaults().known());
  }

  /** The base before the present one, while its releases may serve. */
  private List<Carrier> older() throws IOException {
    if (config.base().previous().isEmpty()) {
      return List.of();
    }
    Path folder = Path.of(config.base().previous());
    BaseModel base = resources.add(DjlModels.open(folder, Precision.INT8));
    return List.of(new Carrier(base, resources.add(Tokenizers.open(folder))));
  }

  private SharedCache cache(byte[] key) {
    long bytes = config.serve().cacheBytes();
    SemanticConfig semantic = config.serve().semantic();
    return SharedCache.open(
        new SharedCache.Name(config.redis(), semantic, bytes, ByteBuffer.wrap(key)),
        () -> AnswerCache.of(bytes, RedisAnswerStore.open(config.redis()), key, semantic(key)));
  }

  /** What gives similar questions the same answer, within the bound; nobody foresees its draws. */
  private SemanticTier semantic(byte[] key) {
    SemanticConfig semantic = config.serve().semantic();
    if (!semantic.isOn()) {
      return SemanticTier.none();
    }
    if (config.redis().uri().isEmpty()) {
      LOG.warn(
          "serve.semantic.errorBound is {}, but redis.uri names no Redis: every question is"
              + " answered for itself",
          semantic.errorBound());
      return SemanticTier.none();
    }
    return SemanticTier.of(
        RedisVectorStore.open(config.redis(), semantic.elements()),
        key,
        new ErrorBound(semantic.errorBound(), semantic.explore(), new SecureRandom().nextLong()));
  }

  /** The key under which answers are cached: the environment's, else one that everybody knows. */
  private byte[] cacheKey() {
    Secret key = Secret.fromEnvironment(Secret.CACHE_KEY);
    String unkeyed = unkeyed(config.redis().uri(), key);
    if (unkeyed != null) {
      LOG.warn(unkeyed);
    }
    return cacheKey(key);
  }

  /**
   * The bytes of a key.
   *
   * @throws IllegalArgumentException if they are too few, as of a variable that is set and empty
   */
  static byte[] cacheKey(Secret key) {
    byte[] bytes = key.orElse("millrace-answer-cache").getBytes(UTF_8);
    if (bytes.length < CacheKeys.LEAST_SECRET) {
      throw new IllegalArgumentException(
          "%s has %d bytes, expected at least %d, or that it is not set"
              .formatted(Secret.CACHE_KEY, bytes.length, CacheKeys.LEAST_SECRET));
    }
    return bytes;
  }

  /** What it means that there is no key; null if there is one, or nobody else reaches Redis. */
  static @Nullable String unkeyed(String redisUri, Secret key) {
    return key.value() != null || redisUri.isEmpty() || LOOPBACK.matcher(redisUri).matches()
        ? null
        : "redis.uri is %s, and the environment has no %s: whoever can write there can forge answers, for they are signed by a key that everybody knows"
            .formatted(redisUri, Secret.CACHE_KEY);
  }
}
