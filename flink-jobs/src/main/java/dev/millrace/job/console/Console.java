package dev.millrace.job.console;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Tail;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codec;
import dev.millrace.schema.wire.Codecs;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Follows all topics from their beginning and tells what they say as one picture. */
public final class Console implements AutoCloseable {

  private final Ledger ledger = new Ledger();
  private final List<Tail<?>> tails = new ArrayList<>();
  private final KafkaConfig kafka;
  private final Topics topics;
  private final InstantSource clock;
  private @Nullable Tail<?> requests;

  private Console(KafkaConfig kafka, InstantSource clock) {
    this.kafka = kafka;
    this.topics = new Topics(kafka.prefix());
    this.clock = clock;
  }

  /**
   * Begins to follow, with all that was released until now.
   *
   * @throws IllegalStateException if the broker does not answer
   */
  public static Console start(KafkaConfig kafka, InstantSource clock) {
    Console console = new Console(kafka, clock);
    try {
      console.tails.add(console.released());
      console.follow(Topics::samples, Codecs.samples(), console.ledger::sample);
      console.follow(Topics::rejected, Codecs.rejections(), console.ledger::rejection);
      console.follow(Topics::verdicts, Codecs.verdicts(), console.ledger::verdict);
      console.requests =
          console.follow(Topics::requests, Codecs.requests(), console.ledger::request);
      console.follow(Topics::answers, Codecs.answers(), console.ledger::answer);
    } catch (RuntimeException e) {
      console.close();
      throw e;
    }
    return console;
  }

  private Tail<ReleaseEvent> released() {
    String name = topics.releases();
    return Tail.caughtUp(name, reader(name), Codecs.releases(), ledger::release);
  }

  private RecordReader reader(String topic) {
    return RecordReader.fromBeginning(kafka, List.of(topic));
  }

  private <T> Tail<T> follow(Function<Topics, String> topic, Codec<T> codec, Tail.Sink<T> sink) {
    String name = topic.apply(topics);
    Tail<T> tail = Tail.start(name, reader(name), codec, sink);
    tails.add(tail);
    return tail;
  }

  /**
   * What the topics say now, JSON on one line; of one that cannot be heard, why.
   *
   * @param tenant on whose behalf somebody watches
   */
  public String picture(@Nullable String tenant) {
    ObjectNode picture = ledger.picture(clock.millis());
    return picture.put("tenant", tenant).put("unheard", Tail.problem(tails)).toString();
  }

  /** Why nothing is heard of requests, as where their topic is gone; null if it may be. */
  public @Nullable String unheardRequests() {
    return requests == null ? null : requests.problem();
  }

  /** The last event that named a release; null if none did. */
  public @Nullable ReleaseEvent named(String release) {
    return ledger.named(release);
  }

  /** The last publication of a release, or what else named it; null if nothing did. */
  public @Nullable ReleaseEvent published(String release) {
    return ledger.published(release);
  }

  /** The verdict by which a release was published; null if its topic does not tell it. */
  public @Nullable Verdict verdict(String release) {
    return ledger.verdictOf(release);
  }

  /** How many domains have a current release that serving could not open, nor answered by since. */
  public int unserved() {
    return ledger.unserved();
  }

  @Override
  public void close() {
    Tail.close(tails);
  }
}
