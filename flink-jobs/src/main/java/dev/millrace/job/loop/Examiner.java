package dev.millrace.job.loop;

import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.report.Committed;
import dev.millrace.job.report.Measurements;
import dev.millrace.job.report.Measurements.Measured;
import dev.millrace.job.report.Recording;
import dev.millrace.model.ngram.ByteNgram;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import dev.millrace.schema.wire.Codecs;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures bits per byte by SCORE requests over the topics, so on the model as it serves.
 *
 * <p>One policy for all rivals: every text by itself, its first token is context and not scored,
 * and the bits are divided by all bytes of the text. The n-gram skips the bytes of that token too.
 */
final class Examiner {

  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final String PROTECTED = "(protected)";
  private static final int CALLERS = 12;
  private static final int WINDOW = 96;

  private final RecordWriter writer;
  private final String topic;
  private final Supplier<Recording> recording;
  private final Waiting waiting;
  private final InstantSource clock;

  private int sent;

  Examiner(
      RecordWriter writer,
      String topic,
      Supplier<Recording> recording,
      Waiting waiting,
      InstantSource clock) {
    this.writer = writer;
    this.topic = topic;
    this.recording = recording;
    this.waiting = waiting;
    this.clock = clock;
  }

  /**
   * Measures the base and every adapter on every text.
   *
   * @param releases the release to ask of each adapter's domain
   * @param trained by domain: the texts that taught
   */
  Measurements measure(
      Material material,
      SortedMap<String, String> releases,
      Map<String, List<byte[]>> trained,
      Tokenizer tokenizer)
      throws InterruptedException, TimeoutException {
    Map<String, SortedMap<String, List<String>>> asked = new HashMap<>();
    asked.put("", ask(material, null, null));
    for (Map.Entry<String, String> release : releases.entrySet()) {
      asked.put(release.getKey(), ask(material, release.getKey(), release.getValue()));
    }
    Map<String, Answer> answers = answers();
    SortedMap<String, Measured> byDomain = new TreeMap<>();
    for (String domain : material.heldOut().keySet()) {
      List<String> texts = material.heldOut().getOrDefault(domain, List.of());
      if (!texts.isEmpty()) {
        SortedMap<String, Double> adapted = new TreeMap<>();
        releases
            .keySet()
            .forEach(a -> adapted.put(a, bits(ids(asked, a, domain), answers) / bytes(texts)));
        List<byte[]> taught = trained.getOrDefault(domain, List.of());
        byDomain.put(
            domain,
            new Measured(
                bytes(texts),
                bits(ids(asked, "", domain), answers) / bytes(texts),
                adapted,
                taught.isEmpty() ? null : ngramBits(taught, texts, tokenizer) / bytes(texts),
                taught.stream().mapToLong(text -> text.length).sum()));
      }
    }
    double bytes = bytes(material.protectedTexts());
    SortedMap<String, Double> after = new TreeMap<>();
    releases.keySet().forEach(a -> after.put(a, bits(ids(asked, a, PROTECTED), answers) / bytes));
    return new Measurements(byDomain, bits(ids(asked, "", PROTECTED), answers) / bytes, after);
  }

  /** Asks one model about all texts; gives the requests' ids by domain. */
  private SortedMap<String, List<String>> ask(
      Material material, @Nullable String adapter, @Nullable String release)
      throws InterruptedException, TimeoutException {
    SortedMap<String, List<String>> ids = new TreeMap<>();
    for (Map.Entry<String, List<String>> texts : material.heldOut().entrySet()) {
      ids.put(texts.getKey(), ask(texts.getValue(), adapter, release));
    }
    ids.put(PROTECTED, ask(material.protectedTexts(), adapter, release));
    return ids;
  }

  private List<String> ask(List<String> texts, @Nullable String adapter, @Nullable String release)
      throws InterruptedException, TimeoutException {
    List<String> ids = new ArrayList<>();
    for (String text : texts) {
      if (sent % WINDOW == 0) {
        writer.flush();
        waiting.require("answers", PATIENCE, () -> sent - answered() < WINDOW);
      }
      String id = "measure-" + sent;
      Request request =
          Request.builder(id, Task.SCORE, text)
              .domain(adapter)
              .release(release)
              .cached(false)
              .eventTimeMillis(clock.millis())
              .build();
      writer.send(topic, "examiner-" + sent % CALLERS, Codecs.requests().encode(request));
      ids.add(id);
      sent++;
    }
    return ids;
  }

  private int answered() {
    return (int)
        recording.get().answers().stream()
            .filter(answer -> answer.value().request().startsWith("measure-"))
            .count();
  }

  private Map<String, Answer> answers() throws InterruptedException, TimeoutException {
    writer.flush();
    waiting.require("answers", PATIENCE, () -> answered() >= sent);
    Map<String, Answer> answers = new HashMap<>();
    for (Committed<Answer> answer : recording.get().answers()) {
      answers.put(answer.value().request(), answer.value());
    }
    return answers;
  }

  private static List<String> ids(
      Map<String, SortedMap<String, List<String>>> asked, String adapter, String domain) {
    return asked.getOrDefault(adapter, new TreeMap<>()).getOrDefault(domain, List.of());
  }

  private static double bits(List<String> ids, Map<String, Answer> answers) {
    double nats = 0;
    Set<String> seen = new HashSet<>();
    for (String id : ids) {
      Answer answer = answers.get(id);
      if (answer == null || answer.error() != null || !seen.add(id)) {
        throw new IllegalStateException(
            "request %s has no answer to measure by: %s"
                .formatted(id, answer == null ? "none came" : answer.error()));
      }
      nats -= answer.logProb();
    }
    return nats / Math.log(2);
  }

  private static double ngramBits(List<byte[]> taught, List<String> texts, Tokenizer tokenizer) {
    ByteNgram ngram = ByteNgram.train(taught);
    double bits = 0;
    for (String text : texts) {
      bits += ngram.bits(text.getBytes(StandardCharsets.UTF_8), firstBytes(text, tokenizer));
    }
    return bits;
  }

  /** Bytes of the first token, or of the first tokens that end where a character does. */
  private static int firstBytes(String text, Tokenizer tokenizer) {
    int[] tokens = tokenizer.encode(text);
    for (int n = 1; n <= tokens.length; n++) {
      String first = tokenizer.decode(Arrays.copyOf(tokens, n));
      if (text.startsWith(first)) {
        return first.getBytes(StandardCharsets.UTF_8).length;
      }
    }
    return 0;
  }

  private static long bytes(List<String> texts) {
    return texts.stream().mapToLong(text -> text.getBytes(StandardCharsets.UTF_8).length).sum();
  }
}
