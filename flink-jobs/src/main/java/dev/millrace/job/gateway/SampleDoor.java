package dev.millrace.job.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.model.weights.Digest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import dev.millrace.schema.wire.JsonLines;
import java.time.InstantSource;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Writes what callers send to the topic of samples, each once under its idempotency key. */
final class SampleDoor {

  private static final int MOST_LINES = 10_000;
  private static final int MOST_TOLD = 100;
  private static final long KEPT_CHARACTERS = 64 << 20;

  private final RecordWriter writer;
  private final Topics topics;
  private final InstantSource clock;
  private final KeptReplies kept = new KeptReplies(KEPT_CHARACTERS);

  SampleDoor(RecordWriter writer, Topics topics, InstantSource clock) {
    this.writer = writer;
    this.topics = topics;
    this.clock = clock;
  }

  /**
   * Writes samples; gives the reply, JSON.
   *
   * @param body one JSON object, or one a line
   * @param domain of samples that name none
   * @param key a second call with it has the first one's reply, and writes nothing; null has none
   * @throws ApiProblem if none is valid, one is of another tenant, they are too many, or the key is
   *     that of another call: then none is written
   */
  CompletableFuture<String> take(
      ApiKeys.Caller caller, String body, @Nullable String domain, @Nullable String key) {
    return key == null
        ? write(caller, body, domain, UUID.randomUUID().toString())
        : kept.once(
            caller.account() + "\n" + key,
            Digest.sha256(((domain == null ? "" : "in " + domain) + "\n" + body).getBytes(UTF_8)),
            () -> write(caller, body, domain, key));
  }

  private CompletableFuture<String> write(
      ApiKeys.Caller caller, String body, @Nullable String domain, String key) {
    ArrayNode refused = Fields.JSON.createArrayNode();
    SortedMap<Integer, Sample> samples = new TreeMap<>();
    SortedMap<Integer, String> lines = lines(body);
    for (Map.Entry<Integer, String> line : lines.entrySet()) {
      int number = line.getKey();
      try {
        samples.put(number, sample(caller, line.getValue(), domain, key + ":" + number));
      } catch (InvalidRecordException e) {
        refuse(refused, number, e.reason(), e.detail());
      }
    }
    if (samples.isEmpty()) {
      throw noneValid(lines.size(), refused);
    }
    SortedMap<Integer, CompletableFuture<Origin>> writes = append(samples);
    return CompletableFuture.allOf(writes.values().toArray(CompletableFuture[]::new))
        .handle((all, failure) -> reply(lines.size(), writes, refused));
  }

  private static void refuse(ArrayNode refused, int line, String reason, String detail) {
    if (refused.size() < MOST_TOLD) {
      refused.addObject().put("line", line).put("reason", reason).put("detail", detail);
    }
  }

  private static ApiProblem noneValid(int lines, ArrayNode refused) {
    return ApiProblem.bad(
        "no_valid_sample",
        lines == 0
            ? "the body is empty, expected JSON"
            : "%d refused, the first of them %s".formatted(lines, refused));
  }

  /**
   * Of writes that are done.
   *
   * @param writes by line
   * @param refused lines that were; what no request may hold is refused too
   */
  private static String reply(
      int lines, SortedMap<Integer, CompletableFuture<Origin>> writes, ArrayNode refused) {
    ArrayNode origins = Fields.JSON.createArrayNode();
    writes.forEach(
        (line, write) -> {
          try {
            origins.add(Replies.place(write.join()));
          } catch (CompletionException e) {
            if (!(e.getCause() instanceof RecordWriter.TooLargeException tooLarge)) {
              throw ApiProblem.unwritten("not all samples were written", e);
            }
            refuse(refused, line, "too-large", String.valueOf(tooLarge.getMessage()));
          }
        });
    if (origins.isEmpty()) {
      throw noneValid(lines, refused);
    }
    ObjectNode reply = Fields.JSON.createObjectNode().put("written", origins.size());
    reply.set("offsets", origins);
    reply.put("refusals", lines - origins.size());
    reply.set("refused", refused);
    return reply.toString();
  }

  /**
   * Until one fails at once, but for its size: where the broker is away, each waits for it before
   * it fails.
   */
  private SortedMap<Integer, CompletableFuture<Origin>> append(SortedMap<Integer, Sample> samples) {
    SortedMap<Integer, CompletableFuture<Origin>> writes = new TreeMap<>();
    for (Map.Entry<Integer, Sample> sample : samples.entrySet()) {
      CompletableFuture<Origin> write = append(sample.getValue());
      writes.put(sample.getKey(), write);
      boolean away =
          write
              .handle((at, why) -> why != null && !(why instanceof RecordWriter.TooLargeException))
              .getNow(false);
      if (away) {
        break;
      }
    }
    return writes;
  }

  private CompletableFuture<Origin> append(Sample sample) {
    String key = sample.domain() == null ? sample.source() : sample.domain();
    return writer.append(topics.samples(), key, Codecs.samples().encode(sample));
  }

  /**
   * One object, however it is laid out, or one a line: by their numbers those that are not blank.
   *
   * @throws ApiProblem if there are too many
   */
  private static SortedMap<Integer, String> lines(String body) {
    SortedMap<Integer, String> lines = new TreeMap<>();
    try {
      JsonNode whole = Fields.JSON.readTree(body);
      if (whole.isObject()) {
        lines.put(1, whole.toString());
        return lines;
      }
    } catch (JsonProcessingException e) {
      // Lines of JSON are no JSON.
    }
    long count = body.lines().filter(line -> !line.isBlank()).count();
    if (count > MOST_LINES) {
      throw ApiProblem.tooLarge(
          "the body has %d samples, expected at most %d".formatted(count, MOST_LINES));
    }
    int number = 0;
    for (String line : (Iterable<String>) body.lines()::iterator) {
      number++;
      if (!line.isBlank()) {
        lines.put(number, line);
      }
    }
    return lines;
  }

  /**
   * @param unnamed a line without an id: named after the call and its place, the same at every try
   */
  private Sample sample(ApiKeys.Caller caller, String line, @Nullable String domain, String unnamed)
      throws InvalidRecordException {
    Sample sample = JsonLines.sample(line, unnamed, domain, clock.millis());
    if (sample.tenant() != null && !sample.tenant().equals(caller.tenant())) {
      throw ApiProblem.forbidden(
          "sample %s is of tenant %s, which is not the caller's"
              .formatted(sample.id(), sample.tenant()));
    }
    return sample.withTenant(caller.tenant());
  }

  /**
   * A corrected answer becomes a sample whose document is the answer.
   *
   * @throws ApiProblem if the text is no sample
   */
  CompletableFuture<Origin> correct(ApiKeys.Caller caller, Desk.Given answer, String text) {
    ObjectNode line =
        Fields.JSON
            .createObjectNode()
            .put("id", "correction-" + answer.request())
            .put("source", "feedback")
            .put("document", "answer:" + answer.request())
            .put("text", text);
    try {
      Sample sample = JsonLines.sample(line.toString(), "", answer.domain(), clock.millis());
      return ApiProblem.elseUnwritten(
          append(sample.withTenant(caller.tenant())), "the correction was not written");
    } catch (InvalidRecordException e) {
      throw ApiProblem.bad(e.reason(), e.detail());
    }
  }
}
