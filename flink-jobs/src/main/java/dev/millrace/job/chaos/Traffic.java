package dev.millrace.job.chaos;

import dev.millrace.job.ReleaseRecords;
import dev.millrace.job.corpus.Document;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.model.base.DaemonThreads;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What callers and producers send: requests of a few callers, samples of the texts' domains in
 * turn. A request's id begins with its key.
 */
final class Traffic implements AutoCloseable {

  static final int CALLERS = 7;
  static final int ANYBODY = -1;

  private static final long ASK_MILLIS = 100;
  private static final long TEACH_MILLIS = 400;
  private static final int PROMPT = 160;
  private static final int NEW_TOKENS = 8;
  private static final int GENERATE_EVERY = 6;

  private final RecordWriter writer;
  private final Topics topics;
  private final List<Document> texts;
  private final List<String> domains;
  private final Random random;
  private final InstantSource clock;
  private final Set<Origin> poisoned = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService executor = Executors.newScheduledThreadPool(2);

  private volatile int times = 1;
  private volatile int only = ANYBODY;
  private int asked;
  private final AtomicInteger taught = new AtomicInteger();

  /**
   * @param writer closed by its owner
   * @param domains that are asked for
   */
  Traffic(
      RecordWriter writer,
      Topics topics,
      List<Document> texts,
      List<String> domains,
      InstantSource clock,
      long seed) {
    this.writer = writer;
    this.topics = topics;
    this.texts = texts;
    this.domains = domains;
    this.clock = clock;
    this.random = new Random(seed);
  }

  void start() {
    var unused = executor.scheduleWithFixedDelay(this::ask, 0, ASK_MILLIS, TimeUnit.MILLISECONDS);
    unused = executor.scheduleWithFixedDelay(this::teach, 0, TEACH_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** How many requests come where one came before. */
  void askTimes(int count) {
    times = count;
  }

  /** Whose requests come from now on, or {@link #ANYBODY}'s. */
  void askAs(int caller) {
    only = caller;
  }

  /** Whether all texts were sent, and come again. */
  boolean repeats() {
    return taught.get() > texts.size();
  }

  void publish(ReleaseEvent event) {
    ReleaseRecords.send(writer, topics, event);
  }

  /** Writes what is no record among samples and requests. */
  void poison(byte[] bytes) {
    for (String topic : List.of(topics.samples(), topics.requests())) {
      var unused = writer.append(topic, "poison", bytes).thenAccept(poisoned::add);
    }
  }

  /** Where what is no record was written. */
  Set<Origin> poisoned() {
    return Set.copyOf(poisoned);
  }

  private synchronized void ask() {
    for (int i = 0; i < times; i++) {
      int caller = only == ANYBODY ? random.nextInt(CALLERS) : only;
      Request request = request(caller);
      var unused =
          writer.append(topics.requests(), key(request.id()), Codecs.requests().encode(request));
      asked++;
    }
  }

  private Request request(int caller) {
    String text = texts.get(random.nextInt(texts.size())).text();
    boolean generates = asked % GENERATE_EVERY == 0;
    int length = Math.min(PROMPT, text.codePointCount(0, text.length()));
    return Request.builder(
            "caller-" + caller + "/" + asked,
            generates ? Task.GENERATE : Task.SCORE,
            text.substring(0, text.offsetByCodePoints(0, length)))
        .domain(domains.get(random.nextInt(domains.size())))
        .maxTokens(generates ? NEW_TOKENS : 0)
        .cached(random.nextBoolean())
        .eventTimeMillis(clock.millis())
        .build();
  }

  /** The key under which a request of that id was sent. */
  static String key(String request) {
    return request.substring(0, Math.max(0, request.indexOf('/')));
  }

  private void teach() {
    Document text = texts.get(taught.getAndIncrement() % texts.size());
    Sample sample =
        Sample.ofText(
            text.domain() + "/" + text.id(),
            "chaos",
            text.title(),
            text.domain(),
            text.text(),
            clock.millis(),
            Origin.UNWRITTEN);
    var unused = writer.append(topics.samples(), text.domain(), Codecs.samples().encode(sample));
  }

  /** Sends no more, and waits until what was sent is written. */
  @Override
  public void close() {
    executor.shutdown();
    if (!DaemonThreads.end(executor, Duration.ofMinutes(1))) {
      throw new IllegalStateException("the broker takes no records");
    }
    writer.flush();
  }
}
