package dev.millrace.job.config;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.assign.DomainFinder;
import dev.millrace.model.kinds.AdapterKinds;
import dev.millrace.model.score.MemoryLimits;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Which values a key takes. */
final class Ranges {

  /** Numbers may not be negative; these may not be zero either. */
  private static final Set<String> POSITIVE =
      Set.of(
          "job.parallelism",
          "job.maxParallelism",
          "kafka.transactionTimeoutMillis",
          "checkpoint.intervalMillis",
          "redis.ttlSeconds",
          "redis.timeoutMillis",
          "redis.backoffMillis",
          "batch.count",
          "batch.spanMillis",
          "learn.rank",
          "align.rank",
          "align.steps",
          "align.learningRate",
          "align.replay",
          "align.heldOut",
          "align.resamples",
          "learn.alpha",
          "learn.train.learningRate",
          "learn.train.epochs",
          "learn.train.rowsPerStep",
          "learn.plan.memoryBytes",
          "learn.plan.threads",
          "learn.exchange.processes",
          "learn.exchange.trainers",
          "learn.exchange.steps",
          "learn.exchange.patienceMillis",
          "learn.routing.share",
          "compress.steps",
          "compress.temperature",
          "compress.likeliest",
          "compress.saveEvery",
          "score.guard.windowMillis",
          "score.memory.exact",
          "score.memory.near",
          "score.memory.heldOut",
          "score.align.leastOthers",
          "serve.batchSize",
          "serve.queue",
          "serve.fetchers",
          "serve.activationMillis",
          "serve.semantic.explore",
          "serve.semantic.elements",
          "gateway.inFlight",
          "gateway.streams",
          "gateway.bodyBytes",
          "gateway.patienceMillis",
          "unlabelled.spanMillis");

  /** Flink's own bound, which it tells without the key. */
  private static final int LEAST_INTERVAL = 10;

  private static final Map<String, Integer> LEAST =
      Map.ofEntries(
          Map.entry("heldOut.everyNth", 2),
          Map.entry("unlabelled.agree", DomainFinder.LEAST_AGREE),
          Map.entry("align.leastHeldOut", 2),
          Map.entry("score.memory.embeddings", MemoryLimits.LEAST),
          Map.entry("score.memory.qualities", MemoryLimits.LEAST),
          Map.entry("score.memory.referenceBits", 8),
          Map.entry("score.model.readTokens", 2),
          Map.entry("score.model.trainTokens", 2),
          Map.entry("checkpoint.intervalMillis", LEAST_INTERVAL));

  /**
   * Above a nice of 19 there is idle alone; Flink takes no more than so many key groups; training
   * and judging an alignment are in line, between two samples; bits are a power; no reader of
   * adapters takes more alpha; a task that ends waits a minute for what is asked of Redis, a few
   * steps. Of the others more would fill the memory at the first lesson or request, or never end
   * it.
   */
  private static final Map<String, Integer> MOST =
      Map.ofEntries(
          Map.entry("job.trainNice", 20),
          Map.entry("job.maxParallelism", 1 << 15),
          Map.entry("learn.rank", 1024),
          Map.entry("learn.alpha", 1_000_000),
          Map.entry("learn.halvings", 30),
          Map.entry("learn.plan.threads", 1024),
          Map.entry("learn.exchange.processes", 1024),
          Map.entry("learn.exchange.trainers", 1024),
          Map.entry("learn.train.replayShare", 1000),
          Map.entry("learn.gate.resamples", 1_000_000),
          Map.entry("learn.watch.resamples", 1_000_000),
          Map.entry("redis.timeoutMillis", 5000),
          Map.entry("serve.fetchers", 1024),
          Map.entry("score.memory.exact", 1 << 20),
          Map.entry("score.memory.near", 1 << 20),
          Map.entry("score.memory.heldOut", 1 << 20),
          Map.entry("score.memory.lines", 1 << 20),
          Map.entry("score.memory.embeddings", 1 << 20),
          Map.entry("score.memory.qualities", 1 << 20),
          Map.entry("align.batch", 256),
          Map.entry("align.replay", 1 << 16),
          Map.entry("align.heldOut", 2048),
          Map.entry("align.rank", AlignAdapter.MOST_RANK),
          Map.entry("align.steps", 1000),
          Map.entry("align.resamples", 100_000),
          Map.entry("score.memory.referenceBits", 24),
          Map.entry("unlabelled.agree", DomainFinder.MOST_AGREE));

  private static final Set<String> POWERS_OF_TWO = Set.of("score.memory.lines");

  private static final Set<String> ABOVE_ONE = Set.of("compress.factor");

  private static final Set<String> SHARES =
      Set.of(
          "score.acceptRate",
          "score.nearSimilarity",
          "score.reorderedSimilarity",
          "score.guard.throttleExcess",
          "score.guard.generatedShare",
          "score.shape.minDistinctShare",
          "score.shape.maxSymbolShare",
          "score.shape.maxDamageShare",
          "score.shape.maxBoilerplateShare",
          "score.shape.maxUnknownShare",
          "score.align.leastFit",
          "score.align.leastMedian",
          "learn.gate.level",
          "learn.gate.minRoutingAgreement",
          "align.level",
          "learn.gate.lesson.maxForeign",
          "learn.gate.lesson.maxForeignAtFirst",
          "learn.gate.lesson.minOrder",
          "learn.gate.lesson.maxUnordered",
          "learn.routing.share",
          "learn.watch.withheld",
          "compress.text",
          "serve.tenantShare",
          "serve.semantic.errorBound",
          "serve.semantic.explore",
          "learn.train.finalRate",
          "learn.train.beta1",
          "learn.train.beta2");

  private static final Set<String> ANY_SIGN =
      Set.of("learn.seed", "learn.gate.minGain", "learn.watch.bound", "compress.seed");

  /** A name, an address, or one of IPv6 in brackets, and a port. */
  private static final String BROKER = "([^\\s:,\\[\\]]+|\\[[0-9a-fA-F:.]+(%\\w+)?]):\\d+";

  /** The same, or without a port where Redis' own is meant. */
  private static final String REDIS =
      "([^\\s:,/@?#\\[\\]]+(:\\d+)?|\\[[0-9a-fA-F:.]+(%\\w+)?]:\\d+)";

  /** What a text must look like, and that in words. */
  private record Form(Pattern pattern, String inWords) {}

  private static final Map<String, Form> FORMS =
      Map.ofEntries(
          form("kafka.bootstrap", BROKER + "(," + BROKER + ")*", "host:port,…"),
          form(
              "kafka.prefix", "[a-zA-Z0-9._-]{1,100}", "1 to 100 letters, digits, '.', '_' or '-'"),
          form(
              "kafka.registry",
              "(https?://[^@?#\\s]+)?",
              "http[s]://host[:port][/path] without credentials, or nothing"),
          form("job.name", "[a-zA-Z0-9._-]{1,64}", "1 to 64 letters, digits, '.', '_' or '-'"),
          form("checkpoint.dir", "(\\w[\\w+.-]*:.+)?", "a URI such as file:///folder, or nothing"),
          form("store.uri", ".+", "a folder or its URI"),
          form("base.dir", ".+", "a folder"),
          form(
              "learn.adapter",
              String.join("|", AdapterKinds.names()),
              "one of " + String.join(", ", AdapterKinds.names())),
          form("learn.plan.device", "auto|cpu|gpu", "auto, cpu or gpu"),
          form(
              "learn.exchange.codec",
              "dense|int[458]|sign|topk:(1|0?\\.\\d*[1-9]\\d*)|lowrank:[1-9]\\d{0,3}",
              "dense, int8, int5, int4, sign, topk:SHARE (more than 0, to 1) or lowrank:RANK (1 or more)"),
          form(
              "compress.release",
              "([0-9a-f]{64})?",
              "the 64 hexadecimal digits of a release's id, or nothing"),
          form(
              "redis.uri",
              "(rediss?://%1$s(/\\d{0,9})?|rediss?\\+cluster://%1$s(,%1$s)*/?)?".formatted(REDIS),
              "redis[s]://host:port or redis[s]+cluster://host:port,… without a password, which"
                  + " comes from "
                  + Secret.REDIS_PASSWORD
                  + ", or nothing"));
  private static final Pattern PORT = Pattern.compile("(?<=:)\\d+(?=[,/]|$)");
  private static final int MOST_PORT = 65_535;

  private Ranges() {}

  private static Map.Entry<String, Form> form(String key, String pattern, String inWords) {
    return Map.entry(key, new Form(Pattern.compile(pattern), inWords));
  }

  /**
   * The value itself.
   *
   * @throws OutOfRangeException if the key does not take it
   */
  static Object check(String key, Object value) {
    if (value instanceof Number number) {
      checkNumber(key, number.doubleValue());
    } else if (value instanceof String text && FORMS.containsKey(key)) {
      checkText(text, FORMS.get(key));
    }
    return value;
  }

  private static void checkText(String text, Form form) {
    if (!form.pattern().matcher(text).matches()) {
      throw new OutOfRangeException(form.inWords());
    }
    if (!PORT.matcher(text).results().allMatch(port -> isPort(port.group()))) {
      throw new OutOfRangeException("a port from 1 to " + MOST_PORT);
    }
  }

  private static boolean isPort(String digits) {
    double port = Double.parseDouble(digits);
    return port >= 1 && port <= MOST_PORT;
  }

  private static void checkNumber(String key, double number) {
    if (SHARES.contains(key) && (number < 0 || number > 1)) {
      throw new OutOfRangeException("a share from 0 to 1");
    }
    if (LEAST.containsKey(key) && number < LEAST.get(key)) {
      throw new OutOfRangeException("at least " + LEAST.get(key));
    }
    if (MOST.containsKey(key) && number > MOST.get(key)) {
      throw new OutOfRangeException("at most " + MOST.get(key));
    }
    if (POWERS_OF_TWO.contains(key) && Long.bitCount((long) number) != 1) {
      throw new OutOfRangeException("a power of two");
    }
    if (ABOVE_ONE.contains(key) && number <= 1) {
      throw new OutOfRangeException("more than 1");
    }
    if (POSITIVE.contains(key) && number <= 0) {
      throw new OutOfRangeException("more than 0");
    }
    if (number < 0 && !ANY_SIGN.contains(key)) {
      throw new OutOfRangeException("0 or more");
    }
  }
}
