package dev.millrace.job.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Request;
import dev.millrace.schema.TokenLogProb;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A call's answers as server-sent events: each choice's chunks while it is computed, and at last,
 * when its answer is committed, what is left of the text and who answered.
 */
final class Streaming {

  private static final long SILENCE_MILLIS = 1000;
  private static final byte[] COMMENT = ":\n\n".getBytes(UTF_8);

  /** What came of a choice: a chunk, or its end, which is an answer or a failure. */
  private record Event(
      int choice, @Nullable Chunk chunk, @Nullable Answer answer, @Nullable Throwable failure) {}

  private final Generating asked;
  private final List<Request> requests;
  private final Verdicts verdicts;
  private final boolean chat;
  private final long seconds;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final List<Told> told;

  /** By their choices, which end in no order. */
  private final SortedMap<Integer, Answer> answers = new TreeMap<>();

  /**
   * A stream of one choice a request.
   *
   * @param chat true for chat chunks
   * @param seconds when it was asked, epoch
   */
  Streaming(
      Generating asked, List<Request> requests, Verdicts verdicts, boolean chat, long seconds) {
    this.asked = asked;
    this.requests = requests;
    this.verdicts = verdicts;
    this.chat = chat;
    this.seconds = seconds;
    this.told = requests.stream().map(request -> new Told()).toList();
  }

  /** A chunk came; any thread. */
  void take(Chunk chunk, int choice) {
    events.add(new Event(choice, chunk, null, null));
  }

  /** Takes the answers when they come. */
  void await(List<CompletableFuture<Answer>> answers) {
    for (int i = 0; i < answers.size(); i++) {
      int choice = i;
      var unused =
          answers
              .get(i)
              .whenComplete(
                  (answer, failure) -> events.add(new Event(choice, null, answer, failure)));
    }
  }

  /** Who answers is told in the headers, before the first event. */
  interface Headers {
    void set(@Nullable String release, String base, String from);
  }

  /**
   * Writes until all choices have ended.
   *
   * @throws ApiProblem if a choice fails before anything is written; after that the failure is the
   *     last event
   */
  void write(Headers headers, OutputStream out) throws IOException, InterruptedException {
    boolean begun = false;
    while (answers.size() < requests.size()) {
      Event event = begun ? next(out) : events.take();
      if (event.failure() != null) {
        ApiProblem problem = ApiProblem.of(event.failure());
        if (!begun) {
          throw problem;
        }
        send(out, Replies.error(problem));
        return;
      }
      begun = begun || begin(event, headers);
      write(event, out);
      out.flush();
    }
    if (asked.usage()) {
      ObjectNode last = envelope();
      last.putArray("choices");
      last.set("usage", Replies.usage(asked.n(), List.copyOf(answers.values())));
      send(out, last);
    }
    out.write("data: [DONE]\n\n".getBytes(UTF_8));
    out.flush();
  }

  /** Comments while nothing comes: only writing shows that the client has gone away. */
  private Event next(OutputStream out) throws IOException, InterruptedException {
    Event event = events.poll(SILENCE_MILLIS, TimeUnit.MILLISECONDS);
    while (event == null) {
      out.write(COMMENT);
      out.flush();
      event = events.poll(SILENCE_MILLIS, TimeUnit.MILLISECONDS);
    }
    return event;
  }

  private static boolean begin(Event event, Headers headers) {
    Chunk chunk = event.chunk();
    Answer answer = event.answer();
    if (chunk != null) {
      headers.set(chunk.release(), chunk.base(), "model");
    } else if (answer != null) {
      headers.set(answer.release(), answer.base(), Replies.from(answer));
    }
    return true;
  }

  private void write(Event event, OutputStream out) throws IOException {
    Chunk chunk = event.chunk();
    Answer answer = event.answer();
    Told before = told.get(event.choice());
    boolean first = before.isNothing();
    int tokens = before.logProbs().size();
    if (chunk != null) {
      String text = before.take(chunk);
      if (!text.isEmpty()) {
        send(out, delta(event.choice(), first, text, logProbs(before.logProbs(), tokens)));
      }
    } else if (answer != null) {
      answers.put(event.choice(), answer);
      String rest = before.rest(answer.text(), answer.logProbs());
      if (rest != null && (first || !rest.isEmpty() || answer.logProbs().size() > tokens)) {
        send(out, delta(event.choice(), first, rest, logProbs(answer.logProbs(), tokens)));
      }
      send(out, end(event.choice(), answer, rest == null));
    }
  }

  private JsonNode logProbs(List<TokenLogProb> tokens, int from) {
    return chat ? LogProbs.chat(tokens, from) : LogProbs.completion(tokens, from);
  }

  private ObjectNode delta(int index, boolean first, String text, JsonNode logProbs) {
    String echo = first && asked.echo() ? asked.prompts().get(index / asked.n()) : "";
    ObjectNode chunk = envelope();
    ObjectNode choice = choice(chunk, index);
    if (chat) {
      ObjectNode delta = choice.putObject("delta");
      if (first) {
        delta.put("role", "assistant");
      }
      delta.put("content", text);
    } else {
      choice.put("text", echo + text);
    }
    if (!logProbs.isNull()) {
      choice.set("logprobs", logProbs);
    }
    choice.putNull("finish_reason");
    return chunk;
  }

  private ObjectNode end(int index, Answer answer, boolean differs) {
    ObjectNode chunk = envelope();
    ObjectNode choice = choice(chunk, index);
    if (chat) {
      choice.putObject("delta");
    } else {
      choice.put("text", "");
    }
    choice.put("finish_reason", Replies.finish(asked, answer));
    ObjectNode about = Replies.provenance(List.of(answer), verdicts).put("seed", asked.seed());
    about.put("differs", differs);
    if (differs) {
      about.put("text", answer.text());
      if (asked.logProbs()) {
        about.set("logprobs", logProbs(answer.logProbs(), 0));
      }
    }
    chunk.set("millrace", about);
    return chunk;
  }

  private static ObjectNode choice(ObjectNode chunk, int index) {
    ArrayNode choices = chunk.putArray("choices");
    return choices.addObject().put("index", index);
  }

  private ObjectNode envelope() {
    return Fields.JSON
        .createObjectNode()
        .put("id", (chat ? "chatcmpl-" : "cmpl-") + requests.get(0).id())
        .put("object", chat ? "chat.completion.chunk" : "text_completion")
        .put("created", seconds)
        .put("model", asked.model());
  }

  private static void send(OutputStream out, ObjectNode event) throws IOException {
    out.write(("data: " + event + "\n\n").getBytes(UTF_8));
  }
}
