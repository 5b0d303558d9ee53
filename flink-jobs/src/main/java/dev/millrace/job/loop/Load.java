package dev.millrace.job.loop;

import dev.millrace.job.io.RecordWriter;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import dev.millrace.schema.wire.Codecs;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.IntSupplier;

/**
 * Sends requests from several callers as long as a run lasts: seven in twelve GENERATE 32 tokens
 * from a prompt that no other has, every second of them uncached; the others SCORE, and half of
 * these ask what somebody asked before.
 */
final class Load implements AutoCloseable {

  private static final int CALLERS = 12;
  private static final int NEW_TOKENS = 32;
  private static final int POPULAR = 4;
  private static final int WINDOW = 96;
  private static final long NANOS = 1_000_000_000L;

  private final RecordWriter writer;
  private final String topic;
  private final SortedMap<String, List<String>> prompts;
  private final List<String> domains;
  private final Random random;
  private final InstantSource clock;
  private final Waiting waiting;
  private final Set<String> generated = new HashSet<>();
  private final Thread thread;

  private volatile int sent;
  private volatile boolean closing;

  /**
   * @param perSecond how many requests to send a second, at most
   * @param answered how many answers came
   */
  Load(
      RecordWriter writer,
      String topic,
      SortedMap<String, List<String>> prompts,
      double perSecond,
      Waiting waiting,
      InstantSource clock,
      IntSupplier answered,
      long seed) {
    this.writer = writer;
    this.topic = topic;
    this.prompts = prompts;
    this.domains = List.copyOf(prompts.keySet());
    this.random = new Random(seed);
    this.clock = clock;
    this.waiting = waiting;
    this.thread = new Thread(() -> run(perSecond, answered), "millrace-load");
    thread.start();
  }

  int sent() {
    return sent;
  }

  private void run(double perSecond, IntSupplier answered) {
    long interval = (long) (NANOS / perSecond);
    long next = System.nanoTime();
    long forever = next + Long.MAX_VALUE / 2;
    try {
      while (!closing) {
        long due = next;
        waiting.await(() -> closing || System.nanoTime() - due >= 0, forever);
        waiting.await(() -> closing || sent - answered.getAsInt() < WINDOW, forever);
        if (!closing) {
          send();
        }
        next = after(due, interval, System.nanoTime());
      }
    } catch (DeadJobException e) {
      // Whoever waits for the answers meets the same.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * When the next one is due, in nanoseconds. No more than a second is made up for: what a start or
   * a stall held back would come as a burst, and take the processor from what learns.
   */
  static long after(long due, long interval, long now) {
    return now + Math.max(due + interval - now, -NANOS);
  }

  private void send() {
    int n = sent;
    String domain = domains.get(n % domains.size());
    List<String> texts = prompts.getOrDefault(domain, List.of());
    boolean generates = generates(n, domains.size());
    String prompt = generates ? fresh(texts, n) : asked(texts);
    Request request =
        Request.builder("load-" + n, generates ? Task.GENERATE : Task.SCORE, prompt)
            .domain(domain)
            .maxTokens(generates ? NEW_TOKENS : 0)
            .cached(!generates || generated.size() % 2 == 0)
            .eventTimeMillis(clock.millis())
            .build();
    writer.send(topic, "caller-" + random.nextInt(CALLERS), Codecs.requests().encode(request));
    sent = n + 1;
  }

  /** In turns of all domains: beside what is measured at a demo's end it is a quarter. */
  static boolean generates(int n, int domains) {
    return n / domains % 12 < 7;
  }

  /** The beginning of some text; what was asked before gets the request's number in front. */
  private String fresh(List<String> texts, int n) {
    String text = texts.get(random.nextInt(texts.size()));
    String prompt = beginning(text, 48 + random.nextInt(48));
    String distinct = generated.contains(prompt) ? n + ". " + prompt : prompt;
    generated.add(distinct);
    return distinct;
  }

  private String asked(List<String> texts) {
    int few = Math.min(POPULAR, texts.size());
    return texts.get(random.nextBoolean() ? random.nextInt(few) : random.nextInt(texts.size()));
  }

  private static String beginning(String text, int codePoints) {
    int most = Math.min(codePoints, text.codePointCount(0, text.length()));
    return text.substring(0, text.offsetByCodePoints(0, most));
  }

  /** Sends no more, and waits until what was sent is written. */
  @Override
  public void close() {
    closing = true;
    waiting.ring();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    writer.flush();
  }
}
