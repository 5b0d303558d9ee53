package dev.millrace.job.cli;

import dev.millrace.job.cli.options.BrokerOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.KafkaTopics;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordsAt;
import dev.millrace.job.io.Topics;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.job.report.OpenRequests;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.Counted;
import dev.millrace.schema.wire.InvalidRecordException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "unanswered",
    description = {
      "Lists the requests that have no answer on their topic, and that no serve job has before it:",
      "after a lost transaction they get none any more. A request is answered also where the answer",
      "says why there is none, as after its deadline. Reads both topics whole, and keeps eight bytes",
      "of each request."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace unanswered",
      "  ./millrace unanswered --older 600 --bootstrap 127.0.0.1:9092 --json"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class UnansweredCommand implements Callable<Integer> {

  /** Requests that are read again at once, with their prompts. */
  private static final int AT_ONCE = 256;

  /** For what a checkpoint of serve has not committed yet. */
  private static final int PATIENCE_SECONDS = 15;

  /** Brokers' clocks may differ by so much. */
  private static final long SLACK_MILLIS = TimeUnit.MINUTES.toMillis(1);

  private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(2);

  @Mixin private Output output;
  @Mixin private BrokerOption broker;

  @Option(
      names = "--older",
      paramLabel = "SECONDS",
      description =
          "Asked at least so long ago: younger ones may be in the work (default: ${DEFAULT-VALUE}).")
  private int older = 60;

  /**
   * A request without an answer.
   *
   * @param partition of the topic of requests
   * @param asked when it was appended
   * @param answerMayHaveExpired whether answers of that time have expired
   */
  record Line(
      String id,
      @Nullable String tenant,
      @Nullable String domain,
      int partition,
      long offset,
      String asked,
      boolean answerMayHaveExpired) {}

  /** What both topics hold. */
  private static final class Found {
    private final OpenRequests requests = new OpenRequests();
    private long rejected;
    private boolean requestsCut;

    /** Answers that are written and not committed, empty if all are. */
    private String hidden = "";

    /** Answers to what was asked before may have expired. */
    private long answersFrom = Long.MIN_VALUE;
  }

  @Override
  public Integer call() {
    if (older < 0) {
      throw new IllegalArgumentException("--older " + older + ", expected 0 seconds or more");
    }
    MillraceConfig config = broker.require(output.err());
    Topics topics = new Topics(config.kafka().prefix());
    long youngest = System.currentTimeMillis() - TimeUnit.SECONDS.toMillis(older);
    Map<Integer, Long> positions = // first: what is read meanwhile counts as not read yet
        new KafkaTopics(config.kafka(), config.job().name() + "-serve")
            .positions(topics.requests());
    Found found = read(config, topics);
    List<Origin> read = found.requests.open(topics.requests(), positions);
    Listing listing = new Listing(youngest, found.answersFrom);
    for (int i = 0; i < read.size(); i += AT_ONCE) {
      List<Origin> some = read.subList(i, Math.min(read.size(), i + AT_ONCE));
      listing.add(some, RecordsAt.read(config.kafka(), some));
    }
    found.requestsCut |= listing.expired;
    print(found, found.requests.unread(positions), listing.young, listing.sorted());
    return 0;
  }

  /** Answers last: none that comes meanwhile is overlooked. */
  private Found read(MillraceConfig config, Topics topics) {
    Found found = new Found();
    try (RecordReader reader =
        RecordReader.fromBeginning(config.kafka(), List.of(topics.requests()))) {
      found.requestsCut = !reader.cut().isEmpty();
      reader.readToEnd(telling(topics.requests(), raw -> ask(raw, found)));
    }
    try (RecordReader reader =
        RecordReader.fromBeginning(config.kafka(), List.of(topics.answers()))) {
      Set<Integer> cut = reader.cut();
      Map<Integer, Long> first = new HashMap<>();
      Consumer<RawRecord> each =
          telling(
              topics.answers(),
              raw -> {
                first.putIfAbsent(raw.origin().partition(), raw.timestamp());
                Answer answer = raw.decoded(Codecs.answers());
                if (answer != null && answer.requestOrigin().topic().equals(topics.requests())) {
                  found.requests.answered(
                      answer.requestOrigin(), answer.tenant(), answer.request());
                }
              });
      reader.readToEnd(each);
      Duration patience = Duration.ofSeconds(Math.min(older, PATIENCE_SECONDS));
      found.hidden = reader.awaitWritten(config.kafka(), each, patience);
      for (int partition : cut) { // of one with nothing left, nobody knows how late that was
        Long from = first.get(partition);
        long late = from == null ? Long.MAX_VALUE : from + SLACK_MILLIS;
        found.answersFrom = Math.max(found.answersFrom, late);
      }
    }
    return found;
  }

  /** Says every two seconds how many records were read. */
  private Consumer<RawRecord> telling(String topic, Consumer<RawRecord> each) {
    long[] next = {System.nanoTime() + PROGRESS_NANOS};
    long[] count = {0};
    return raw -> {
      each.accept(raw);
      count[0]++;
      if (System.nanoTime() - next[0] >= 0) {
        next[0] = System.nanoTime() + PROGRESS_NANOS;
        output.say("records read of %s: %d, the last %s", topic, count[0], raw.origin());
      }
    };
  }

  private static void ask(RawRecord raw, Found found) {
    try {
      Request request = KeyedRequest.of(raw).request();
      found.requests.asked(raw.origin(), request.tenant(), request.id());
    } catch (InvalidRecordException e) { // as the serve job finds
      found.rejected++;
    }
  }

  /** Requests without an answer, as they are read again. */
  static final class Listing {
    private final long youngest;
    private final long answersFrom;
    private final List<Line> lines = new ArrayList<>();
    private int young;
    private boolean expired;

    /**
     * @param youngest that are listed, epoch milliseconds
     * @param answersFrom answers to what was asked before may have expired
     */
    Listing(long youngest, long answersFrom) {
      this.youngest = youngest;
      this.answersFrom = answersFrom;
    }

    /**
     * Adds some of them.
     *
     * @param there those that have not expired meanwhile
     */
    void add(List<Origin> open, Map<Origin, RawRecord> there) {
      expired |= there.size() < open.size();
      for (RawRecord raw : there.values()) {
        if (raw.timestamp() > youngest) {
          young++;
        } else {
          add(raw);
        }
      }
    }

    private void add(RawRecord raw) {
      Request request = raw.decoded(Codecs.requests());
      if (request != null) {
        lines.add(
            new Line(
                request.id(),
                request.tenant(),
                request.domain(),
                raw.origin().partition(),
                raw.origin().offset(),
                Instant.ofEpochMilli(raw.timestamp()).toString(),
                raw.timestamp() < answersFrom));
      }
    }

    int young() {
      return young;
    }

    boolean expired() {
      return expired;
    }

    List<Line> sorted() {
      lines.sort(
          Comparator.comparing(Line::asked)
              .thenComparing(Line::partition)
              .thenComparing(Line::offset));
      return lines;
    }
  }

  private void print(Found found, long unread, int young, List<Line> lines) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("requests", found.requests.asked());
    json.put("answered", found.requests.answered());
    json.put("rejected", found.rejected);
    json.put("unread", unread);
    json.put("young", young);
    json.put("requestsExpired", found.requestsCut);
    json.put("answersNotCommitted", found.hidden);
    json.put("unanswered", lines);
    output.result(json, text(lines, unread == 0 && young == 0));
    output.say(
        "%s, %d answered; %d not read by the serve job yet; %d asked in the last %d s%s",
        Counted.of(found.requests.asked(), "request", "requests"),
        found.requests.answered(),
        unread,
        young,
        older,
        found.rejected == 0 ? "" : "; beside them " + found.rejected + " that serve rejects");
    if (unread > 0) {
      output.say("before you ask again, wait until serve has read all, and run this once more");
    }
    if (!found.hidden.isEmpty()) {
      output.say("not committed, so what it answers is listed: " + found.hidden);
    }
    if (found.requestsCut) {
      output.say("earlier requests have expired from their topic: of these nothing is known");
    }
    if (lines.stream().anyMatch(Line::answerMayHaveExpired)) {
      output.say("earlier answers have expired: those marked ? may have been answered");
    }
  }

  private static String text(List<Line> lines, boolean all) {
    List<String> text = new ArrayList<>();
    text.add(
        lines.isEmpty()
            ? "no request%s is without an answer"
                .formatted(all ? "" : " that serve has had time for")
            : "%-24s  %9s %10s  %-12s %-16s %s"
                .formatted("asked", "partition", "offset", "tenant", "domain", "id"));
    for (Line line : lines) {
      text.add(
          "%-24s%s %9d %10d  %-12s %-16s %s"
              .formatted(
                  line.asked(),
                  line.answerMayHaveExpired() ? "?" : " ",
                  line.partition(),
                  line.offset(),
                  name(line.tenant()),
                  name(line.domain()),
                  name(line.id())));
    }
    return String.join("\n", text);
  }

  /** On one line, whatever the caller named. */
  private static String name(@Nullable String name) {
    return name == null ? "-" : name.replaceAll("\\p{Cntrl}", "�");
  }
}
