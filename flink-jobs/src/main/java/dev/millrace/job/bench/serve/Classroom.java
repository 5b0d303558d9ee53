package dev.millrace.job.bench.serve;

import static java.util.Map.entry;

import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.job.LearnJob;
import dev.millrace.job.Openers;
import dev.millrace.job.ServeJob;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.corpus.Chunks;
import dev.millrace.job.corpus.Corpora;
import dev.millrace.job.corpus.Document;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.job.operator.Opened;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseSigner;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.jspecify.annotations.Nullable;

/** Both jobs on nano and the embedded stack: texts and facts go in, and are asked for. */
final class Classroom implements AutoCloseable {

  /** Texts that arrive in a second at most, facts among them; none before the last is learned. */
  static final double PER_SECOND = 1;

  /** So many come faster in the beginning: there must be held-out texts to judge by. */
  private static final int BEGIN_TEXTS = 64;

  private static final double BEGIN_PER_SECOND = 8;

  /** So that each text is learned as it comes, and shows. */
  static final Map<String, String> ONE_BY_ONE =
      new TreeMap<>(
          Map.ofEntries(
              entry("batch.count", "1"),
              entry("learn.heldOut", "8"),
              entry("learn.train.epochs", "3"),
              entry("learn.train.learningRate", "0.002"),
              entry("learn.train.weightDecay", "6"),
              entry("learn.train.warmupSteps", "1"),
              entry("learn.train.beta1", "0.5"),
              entry("learn.train.replayShare", "0"),
              entry("learn.gate.minGain", "-0.01"),
              entry("learn.gate.protectedSamples", "6"),
              entry("learn.gate.paritySamples", "2")));

  private static final String DOMAIN = "cloud";
  private static final int BYTES = 320;
  private static final int LEAST_BYTES = 160;

  /** So many other texts lie between two facts. */
  private static final int APART = 1;

  /** A fact is asked for so often. */
  private static final long ASK_MILLIS = 20;

  /** So many questions about a fact have no answer yet, at most. */
  private static final int MOST_ASKED = 2;

  private static final long PATIENCE_MILLIS = 15_000;
  private static final long BEGIN_MILLIS = 600_000;
  private static final int PARTITIONS = 2;

  private final MillraceConfig config;
  private final Topics topics;
  private final List<JobClient> jobs;
  private final RecordReader reader;
  private final RecordWriter writer;
  private final HeldOut heldOut;
  private final Iterator<Document> texts;
  private final Random random;
  private final Map<String, String> parents = new HashMap<>();
  private final Map<String, Fact> asked = new HashMap<>();
  private int sent;
  private int asking;
  private int facts;
  private long nextTextMillis;

  Classroom(Path nano, EmbeddedStack stack, long seed) throws Exception {
    KeyPair keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    String signing = Base64.getEncoder().encodeToString(keys.getPrivate().getEncoded());
    Path store = stack.folder("store");
    random = new Random(seed);
    config = config(nano, stack, store, keys);
    topics = Topics.create(config.kafka(), PARTITIONS);
    heldOut = Openers.heldOut(config);
    texts = texts(random).iterator();
    writer = new RecordWriter(config.kafka());
    reader = RecordReader.fromEnd(config.kafka(), List.of(topics.answers(), topics.releases()));
    jobs = List.of(serve(stack), learn(stack, store.toString(), signing));
  }

  private static MillraceConfig config(Path nano, EmbeddedStack stack, Path store, KeyPair keys) {
    return MillraceConfig.defaults()
        .with(ONE_BY_ONE)
        .with(
            Map.of(
                "kafka.bootstrap", stack.bootstrapServers(),
                "checkpoint.intervalMillis", "100",
                "checkpoint.dir", ReleaseFiles.uri(stack.folder("checkpoints")),
                "store.uri", ReleaseFiles.uri(store),
                "store.trustedKeys",
                    Base64.getEncoder().encodeToString(keys.getPublic().getEncoded()),
                "base.dir", nano.toAbsolutePath().toString()))
        .with(changed());
  }

  /** What {@code -Dmillrace.freshness.set=KEY=VALUE,…} says. */
  private static Map<String, String> changed() {
    Map<String, String> changed = new HashMap<>();
    for (String set : System.getProperty("millrace.freshness.set", "").split(",", -1)) {
      String[] both = set.split("=", 2);
      if (both.length == 2) {
        changed.put(both[0], both[1]);
      } else if (!set.isEmpty()) {
        throw new IllegalArgumentException(set + ", expected KEY=VALUE");
      }
    }
    return changed;
  }

  private JobClient serve(EmbeddedStack stack) {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    ServeJob.build(env, config, Openers.serving(config));
    return stack.submit(env);
  }

  private JobClient learn(EmbeddedStack stack, String store, String signing) {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    LearnJob.build(
        env,
        config,
        Openers.assigning(config),
        Stamps.scorers(Openers.scorers(config)),
        Stamps.learners(
            Openers.learners(
                config,
                subtask ->
                    new Opened<>(
                        ReleaseStore.of(
                            StoreFiles.in(Path.of(store)), ReleaseSigner.ofKey(signing)),
                        () -> {}))),
        InstantSource.system());
    return stack.submit(env);
  }

  /** Ordinary pieces of the domain, by turns of their documents. */
  private static List<Document> texts(Random random) {
    List<Document> pieces = new ArrayList<>();
    Corpora.load(DOMAIN).forEach(d -> pieces.addAll(Chunks.chunks(d, BYTES, LEAST_BYTES)));
    Collections.shuffle(pieces, random);
    return pieces;
  }

  /** Teaches until a release answers. */
  void begin() throws Exception {
    long end = System.currentTimeMillis() + BEGIN_MILLIS;
    Fact fact = fact();
    while (parents.isEmpty() || !knowsRelease(fact)) {
      if (isDue(BEGIN_PER_SECOND) && (sent < BEGIN_TEXTS || Stamps.areDone(sent))) {
        teach();
      }
      if (!parents.isEmpty()) {
        ask(fact, null);
      }
      read(Duration.ofMillis(ASK_MILLIS));
      if (System.currentTimeMillis() > end) {
        throw new TimeoutException(
            "no release after %d ms and %d texts; samples by the rules against them: %s"
                .formatted(BEGIN_MILLIS, sent, Stamps.verdicts()));
      }
    }
  }

  private boolean knowsRelease(Fact fact) {
    return parents.keySet().stream().anyMatch(fact::asked);
  }

  /** Tells so many facts among the texts, and asks for each until it is known or lost. */
  List<Fact> tell(int count) throws Exception {
    List<Fact> told = new ArrayList<>();
    while (told.size() < count || told.stream().anyMatch(Classroom::waits)) {
      if (Stamps.areDone(sent) && isDue(PER_SECOND)) {
        if (told.size() < count && sent % (APART + 1) == APART) {
          told.add(tell());
        } else {
          teach();
        }
      }
      told.stream()
          .filter(fact -> waits(fact) && isReleased(fact))
          .forEach(fact -> ask(fact, null));
      read(Duration.ofMillis(ASK_MILLIS));
    }
    return told;
  }

  /** Whether it may still become known. */
  private static boolean waits(Fact fact) {
    if (!Double.isNaN(fact.rise())) {
      return false;
    }
    Stamps.Scoring scoring = Stamps.scoring(fact.id());
    Stamps.Learning learning = Stamps.learning(fact.id());
    boolean lost =
        (scoring != null && scoring.refused() != null)
            || (learning != null && learning.release() == null);
    return !lost && System.currentTimeMillis() - fact.toldMillis() < PATIENCE_MILLIS;
  }

  /** Nothing can know it before. */
  private static boolean isReleased(Fact fact) {
    return learnedBy(fact) != null;
  }

  private Fact fact() {
    return Fact.of("fact" + facts++, random);
  }

  private Fact tell() throws Exception {
    Fact fact = fact();
    send(fact.id(), teachable(fact.id()), fact.sentence() + "\n" + texts.next().text());
    fact.told(System.currentTimeMillis());
    return fact;
  }

  /** A document's name under which it is not held out. */
  private String teachable(String name) {
    String document = name;
    while (heldOut.contains(null, DOMAIN, document)) {
      document += "'";
    }
    return document;
  }

  /** Whether it is time for a text. */
  private boolean isDue(double perSecond) {
    long now = System.currentTimeMillis();
    if (nextTextMillis > now) {
      return false;
    }
    nextTextMillis = now + (long) (1000 / perSecond);
    return true;
  }

  private void teach() {
    Document text = texts.next();
    send(text.id(), text.title(), text.text());
  }

  private void send(String id, String document, String text) {
    Sample sample =
        Sample.ofText(
            id, "bench", document, DOMAIN, text, System.currentTimeMillis(), Origin.UNWRITTEN);
    writer.send(topics.samples(), DOMAIN, Codecs.samples().encode(sample));
    sent++;
  }

  private void ask(Fact fact, @Nullable String release) {
    if (asked.values().stream().filter(fact::equals).count() >= MOST_ASKED) {
      return;
    }
    String id = "q" + asking++;
    asked.put(id, fact);
    boolean ofBase = Fact.BASE.equals(release);
    Request request =
        Request.builder(id, Request.Task.SCORE, fact.sentence())
            .domain(ofBase ? null : DOMAIN)
            .release(ofBase ? null : release)
            .eventTimeMillis(System.currentTimeMillis())
            .build();
    writer.send(topics.requests(), id, Codecs.requests().encode(request));
  }

  private void read(Duration patience) throws InvalidRecordException {
    for (RawRecord raw : reader.poll(patience)) {
      if (raw.origin().topic().equals(topics.releases())) {
        ReleaseEvent event = raw.as(Codecs.releases());
        parents.put(event.release(), Fact.release(event.parent()));
      } else {
        hear(Codecs.answers().decode(raw.value(), raw.origin()));
      }
    }
  }

  private void hear(Answer answer) {
    Fact fact = Objects.requireNonNull(asked.remove(answer.request()));
    if (answer.error() != null) {
      throw new IllegalStateException(answer.request() + ": " + answer.error());
    }
    fact.hear(answer, parents, System.currentTimeMillis());
    String release = Fact.release(answer.release());
    String parent = parents.get(release);
    if (parent != null && release.equals(learnedBy(fact)) && !fact.asked(parent)) {
      ask(fact, parent);
    }
  }

  /** The release that learned a fact; null while there is none. */
  private static @Nullable String learnedBy(Fact fact) {
    Stamps.Learning learning = Stamps.learning(fact.id());
    return learning == null ? null : learning.release();
  }

  @Override
  public void close() {
    jobs.forEach(job -> job.cancel().join());
    reader.close();
    writer.close();
  }
}
