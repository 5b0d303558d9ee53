package dev.millrace.job.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import dev.millrace.job.TaughtSamples;
import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.BrokerOption;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.StoreOption;
import dev.millrace.job.cli.releases.ShowCommand;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.job.loop.InputFile;
import dev.millrace.job.releases.Provenance;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Media;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.Requests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "ask",
    description = {
      "Sends a request over the topics and prints its answer. With --store, or where no cluster is",
      "up, it starts an embedded serve job on that store."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace ask --domain legal \"Permission is hereby granted\"",
      "  ./millrace ask --domain auto \"Permission is hereby granted\"",
      "  ./millrace ask --domain legal --explain \"Permission is hereby granted\"",
      "  ./millrace ask --domain legal --temperature 0.8 --top-p 0.9 --stop \"\\n\" \"1. \"",
      "  ./millrace ask --domain legal --log-probs --tokens 8 \"Permission is hereby\"",
      "  ./millrace ask --domain icons --picture arrow.png",
      "  ./millrace ask --domain legal --bootstrap 127.0.0.1:9092 --score \"Some text\""
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class AskCommand implements Callable<Integer> {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final Duration SOON = Duration.ofSeconds(3);

  /** Scored to learn which release answers by now. */
  private static final String PROBE = "Who answers?";

  @Mixin private Output output;
  @Mixin private BrokerOption broker;
  @Mixin private BaseOption base;
  @Mixin private SamplingOptions sampling;

  @Option(
      names = "--domain",
      required = true,
      paramLabel = "D",
      description = "Who answers; auto leaves it to the prompt.")
  private String domain;

  @Option(names = "--tenant", paramLabel = "T", description = "On whose behalf.")
  private @Nullable String tenant;

  @Option(
      names = "--store",
      paramLabel = "DIR",
      description = "The release store (default: the last one used).")
  private @Nullable Path store;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description =
          "Tokens to add; 0 for what the context has room for, up to 256 (default: ${DEFAULT-VALUE}).")
  private int tokens = 48;

  @Option(names = "--score", description = "Judge the text instead of continuing it.")
  private boolean score;

  @Option(
      names = "--place",
      description =
          "Say where the encoders see the picture, the sound or the text, by the domain's alignment, "
              + "instead of continuing it: 64 numbers; what belongs together lies close.")
  private boolean place;

  @Option(
      names = "--log-probs",
      description = "Also print each added token and its log-probability, in nats.")
  private boolean logProbs;

  @Option(
      names = "--explain",
      description = "Say what the release behind the answer was made from.")
  private boolean explain;

  @ArgGroup private @Nullable Shown shown;

  /** A picture or a sound, not both. */
  static final class Shown {
    @Option(
        names = "--picture",
        required = true,
        paramLabel = "FILE",
        description = "A PNG or JPEG that stands before the prompt.")
    private @Nullable Path picture;

    @Option(
        names = "--sound",
        required = true,
        paramLabel = "FILE",
        description = "A WAV, AIFF or AU file that stands before the prompt.")
    private @Nullable Path sound;

    /** A pipe gives it once. */
    private @Nullable Media media;

    Media read() throws IOException {
      if (media == null) {
        boolean seen = picture != null;
        Path file = Objects.requireNonNull(seen ? picture : sound, "picocli sets one of them");
        media =
            new Media(
                seen ? Modality.IMAGE : Modality.AUDIO,
                Files.readAllBytes(InputFile.readable(file)));
      }
      return media;
    }
  }

  @Parameters(
      arity = "0..1",
      paramLabel = "PROMPT",
      description = "What to continue or to judge; with --picture or --sound there may be none.")
  private String prompt = "";

  @Override
  public Integer call() throws Exception {
    request();
    Optional<MillraceConfig> running = broker.find(store, output.err(), "kafka", "jobmanager");
    if (running.isPresent()) {
      MillraceConfig there = running.get();
      Answer answer = ask(there, Map.of());
      return print(
          answer,
          explain ? provenance(answer, ids -> TaughtSamples.read(there.kafka(), ids)) : null);
    }
    broker.requireUsable();
    StoredReleases stored =
        StoredReleases.read(store == null ? Home.here().store() : store, output.err()::println);
    SortedMap<String, String> releases = place ? alignments(stored) : releases(stored);
    releases.values().forEach(release -> ShowCommand.requireWhole(stored, release));
    output.say(
        "starting an embedded serve job with %s in %s",
        releases.isEmpty()
            ? "the base alone, for want of a release"
            : "the releases of " + String.join(", ", releases.keySet()),
        stored.store());
    try (EmbeddedJobs jobs = EmbeddedJobs.serving(stored, base.folder(), broker.settings())) {
      Answer answer = ask(jobs.config(), releases);
      return print(answer, explain ? provenance(answer, ids -> Map.of()) : null);
    }
  }

  /** The domain's alignment, if it has one. */
  private SortedMap<String, String> alignments(StoredReleases stored) {
    SortedMap<String, String> all = stored.visibleTo(tenant, stored.alignments());
    all.keySet().retainAll(List.of(domain));
    return all;
  }

  /** By domain the releases that may answer. */
  private SortedMap<String, String> releases(StoredReleases stored) {
    SortedMap<String, String> all = stored.serving();
    SortedMap<String, String> current = stored.visibleTo(tenant, all);
    if (domain.equals(Request.AUTO)) {
      return current;
    }
    String release = current.get(domain);
    if (all.isEmpty()) {
      throw new IllegalArgumentException(
          "store %s has no release, expected that of a run, such as store in its --report"
              .formatted(stored.store()));
    }
    if (release == null) {
      throw new IllegalArgumentException(
          "domain %s, expected %s or one of %s in store %s"
              .formatted(domain, Request.AUTO, current.keySet(), stored.store()));
    }
    return new TreeMap<>(Map.of(domain, release));
  }

  /**
   * Asks, once each of the releases answers for its domain.
   *
   * @param releases by domain what is waited for
   */
  private Answer ask(MillraceConfig config, Map<String, String> releases) throws Exception {
    Topics topics = new Topics(config.kafka().prefix());
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try (RecordReader reader = RecordReader.fromEnd(config.kafka(), List.of(topics.answers()));
        RecordWriter writer = new RecordWriter(config.kafka())) {
      writer.awaitTopic(topics.requests(), output.err()::println);
      for (Map.Entry<String, String> release : releases.entrySet()) {
        Answer probe;
        do {
          Request asks = place ? request() : request(release.getKey(), true, PROBE);
          probe = send(asks, reader, writer, topics, deadline);
        } while (probe.error() == null && !release.getValue().equals(probe.release()));
      }
      return send(request(), reader, writer, topics, deadline);
    }
  }

  private Request request() throws IOException {
    if (logProbs && (score || place)) {
      throw new IllegalArgumentException(
          "--log-probs with --score or --place, expected a prompt to continue");
    }
    Media media = shown == null ? null : shown.read();
    if (!place) {
      return checked(request(domain, score, prompt).toBuilder().media(media).build());
    }
    if (score || (media != null && !prompt.isEmpty())) {
      throw new IllegalArgumentException(
          "--place with --score or with a prompt beside what is shown, expected one thing to place");
    }
    Media text = new Media(Modality.TEXT, prompt.getBytes(UTF_8));
    return checked(
        request(domain, false, "").toBuilder().media(media == null ? text : media).build());
  }

  /** Nobody waits longer: what is read later, as by a job that starts then, costs nothing. */
  private Request request(String domain, boolean score, String text) {
    long now = System.currentTimeMillis();
    return Request.builder(
            "ask-" + UUID.randomUUID(),
            place ? Request.Task.EMBED : score ? Request.Task.SCORE : Request.Task.GENERATE,
            text)
        .tenant(tenant)
        .domain(domain)
        .maxTokens(score || place ? 0 : tokens)
        .temperature(sampling.temperature())
        .topK(sampling.topK())
        .topP(sampling.topP())
        .seed(sampling.seed())
        .stop(sampling.stop())
        .logProbs(logProbs)
        .eventTimeMillis(now)
        .deadlineMillis(now + PATIENCE.toMillis())
        .build();
  }

  private static Request checked(Request request) {
    String problem = Requests.problem(request);
    if (problem != null) {
      throw new IllegalArgumentException(problem);
    }
    return request;
  }

  private Answer send(
      Request request, RecordReader reader, RecordWriter writer, Topics topics, long deadline)
      throws TimeoutException {
    String id = request.id();
    writer.send(topics.requests(), id, Codecs.requests().encode(request));
    writer.flush();
    long soon = System.nanoTime() + SOON.toNanos();
    boolean told = false;
    while (System.nanoTime() - deadline < 0) {
      for (RawRecord raw : reader.poll(Duration.ofMillis(200))) {
        Answer answer = raw.decoded(Codecs.answers());
        if (answer != null && answer.request().equals(id)) {
          return answer;
        }
      }
      if (!told && System.nanoTime() - soon > 0) {
        told = true;
        output.err().println("no answer yet, waiting for the serve job");
      }
    }
    throw new TimeoutException(
        "no answer within %d s, expected a serve job that runs".formatted(PATIENCE.toSeconds()));
  }

  private String answerer(Answer answer) {
    if (answer.release() != null) {
      return "domain " + answer.domain() + ", release " + answer.release();
    }
    return domain.equals(Request.AUTO)
        ? "no domain that the prompt belongs to"
        : "no release of domain " + domain + " yet";
  }

  /** Null where the base alone answered. */
  private @Nullable Provenance provenance(
      Answer answer, Function<Map<Origin, String>, Map<Origin, Sample>> read) throws IOException {
    if (answer.release() == null) {
      return null;
    }
    StoredReleases stored =
        StoredReleases.read(
            store == null ? new StoreOption().folder(broker) : store, output.err()::println);
    return Provenance.of(stored, answer.release(), answer.domain(), read);
  }

  /** A token, as people read it. */
  record Added(String token, float logProb) {}

  private static Stream<Added> tokens(Answer answer) {
    return answer.logProbs().stream()
        .map(token -> new Added(new String(token.bytes(), UTF_8), token.logProb()));
  }

  private static String line(Added token) {
    return String.format("%n%8.4f %s", token.logProb(), Output.toLine(token.token()));
  }

  private String text(Answer answer) {
    if (place) {
      return Arrays.toString(answer.embedding());
    }
    if (logProbs) {
      return prompt + answer.text() + tokens(answer).map(AskCommand::line).collect(joining());
    }
    return score
        ? String.format("%.4f bits per byte", -answer.logProb() / Math.log(2) / answer.bytes())
        : prompt + answer.text();
  }

  private int print(Answer answer, @Nullable Provenance provenance) {
    if (answer.error() != null) {
      throw new IllegalStateException("the request was refused: " + answer.error());
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("text", answer.text());
    json.put("domain", answer.domain());
    json.put("release", answer.release());
    json.put("base", answer.base());
    json.put("logProb", answer.logProb());
    json.put("tokens", answer.tokens());
    json.put("promptTokens", answer.promptTokens());
    json.put("bytes", answer.bytes());
    json.put("from", answer.source());
    json.put("learnedTo", answer.learnedTo());
    if (place) {
      json.put("place", answer.embedding());
    }
    if (logProbs) {
      json.put("logProbs", tokens(answer).toList());
    }
    if (explain) {
      json.put("provenance", provenance);
    }
    output.result(json, text(answer));
    output.say("%s, base %s, from %s", answerer(answer), answer.base(), answer.source());
    if (explain) {
      output.err().println(provenance == null ? "the base alone answered" : provenance.text());
    }
    return 0;
  }
}
