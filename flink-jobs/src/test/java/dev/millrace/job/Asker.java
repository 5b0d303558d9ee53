package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Asks both jobs' topics, each time in other words: no cache has the answer. */
final class Asker {

  private final Loop loop;
  private final Feed feed;
  private int asked;

  Asker(Loop loop, Feed feed) {
    this.loop = loop;
    this.feed = feed;
  }

  /** How many requests were sent. */
  int asked() {
    return asked;
  }

  /** Sends a request whose answer nobody waits for yet; its id. */
  String send(@Nullable String domain) {
    return send(domain, null);
  }

  private String send(@Nullable String domain, @Nullable String byId) {
    String id = "request" + asked++;
    Request request = Feed.request(id, domain, "say " + id).toBuilder().release(byId).build();
    feed.send(loop.topics().requests(), "caller", request);
    return id;
  }

  Answer ask(@Nullable String domain) throws Exception {
    Answer answer = answer(send(domain));
    assertNull(answer.error());
    return answer;
  }

  private Answer answer(String id) throws Exception {
    return loop.answers(asked).stream()
        .filter(answer -> answer.request().equals(id))
        .findAny()
        .orElseThrow();
  }

  /** Asks a domain until that release answers; null is the base alone. */
  Answer await(@Nullable String release, String domain) throws Exception {
    Deadline deadline = new Deadline("an answer by " + release);
    while (true) {
      Answer answer = ask(domain);
      if (Objects.equals(release, answer.release())) {
        return answer;
      }
      deadline.check();
    }
  }

  /** Asks for a release by its id until it answers; a task that began just now may not know it. */
  void awaitById(String release, String domain) throws Exception {
    Deadline deadline = new Deadline("an answer by " + release);
    while (!release.equals(answer(send(domain, release)).release())) {
      deadline.check();
    }
  }
}
