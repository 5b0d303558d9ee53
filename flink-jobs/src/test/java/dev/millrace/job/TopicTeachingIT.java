package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.OwnBroker;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.job.operator.compress.Teaching;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What people order while a student is judged, and after it was released, is obeyed. */
@Timeout(value = 8, unit = TimeUnit.MINUTES)
class TopicTeachingIT {

  private static final int TEXTS = 60;

  @TempDir static Path folder;
  private static OwnBroker broker;
  private static Path base;

  @BeforeAll
  static void start() throws Exception {
    base = NanoReleases.copyWithFewTexts(folder.resolve("base"));
    BaseRelease.noteLearned(base, base, List.of("of the one before"));
    broker = OwnBroker.start(folder.resolve("kafka"), port -> port);
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  @Test
  void teach_forgetWhileTheStudentIsJudged_releasesNone() throws Exception {
    MillraceConfig config = config("judged");
    ReleaseEvent unused = cloud(config, texts(config));
    String failure =
        assertThrows(
                IllegalStateException.class,
                () -> teach(config, new Judged(() -> write(config, forget("s7")))))
            .getMessage();
    assertTrue(failure.startsWith("sample s7 taught the student and is to be forgotten"), failure);
    assertEquals(List.of(), bases(config));
  }

  @Test
  void teach_forgetWhatOnlyItsTeacherKnows_isRefusedBeforeAndAfter() throws Exception {
    MillraceConfig learning = config("teacher");
    List<LearnedSample> learned = texts(learning);
    Origin expired = new Origin(learned.get(0).origin().topic(), 0, 1_000_000);
    learned.add(new LearnedSample("expired", expired, false));
    String release = cloud(learning, learned).release();
    MillraceConfig config = learning.with(Map.of("compress.release", release));
    Judged order = new Judged(() -> write(config, forget("expired")));
    String expected = "compress.release %s was taught sample expired".formatted(release);
    for (Teaching.Progress progress : List.of(order, new Never())) {
      String failure =
          assertThrows(IllegalArgumentException.class, () -> teach(config, progress)).getMessage();
      assertTrue(failure.startsWith(expected), failure);
    }
    assertEquals(List.of(), bases(config));
  }

  @Test
  void teach_againAfterItsBaseWasTakenBack_saysTheSameAndOverrulesNobody() throws Exception {
    MillraceConfig config = config("again");
    ReleaseEvent unused = cloud(config, texts(config));
    Judged nothing = new Judged(() -> {});
    Verdict verdict = teach(config, nothing);
    String release = verdict.release();
    assertNotNull(release, verdict.rules()::toString);
    Set<String> taught =
        BaseRelease.learned(TinyParts.path(config.store().uri()).resolve(release)).samples();
    assertEquals(TEXTS + 1, taught.size());
    assertTrue(taught.contains("of the one before"), taught::toString);
    ReleaseEvent released = bases(config).get(0);
    new BasePublisher(config, System.err::println).takeBack(released, "a test");
    assertTrue(nothing.asked, "it may give way to answers between calls of the teacher");
    assertEquals(release, teach(config, nothing).release());
    assertEquals(1, nothing.kept, "what is released is chosen for good");
    assertEquals(List.of(release, ""), bases(config).stream().map(ReleaseEvent::release).toList());
  }

  /** Whoever released it by hand would release a base of which nobody knows what it has learned. */
  @Test
  void teach_cutOffBeforeAllIsNoted_leavesNoStudentThatDoesNotSayWhatTaughtIt() throws Exception {
    MillraceConfig learning = config("cut");
    String release = cloud(learning, texts(learning)).release();
    MillraceConfig config = learning.with(Map.of("compress.release", release));
    Runnable cut =
        () -> {
          throw new CancellationException("a test");
        };
    assertThrows(CancellationException.class, () -> teach(config, new Judged(cut)));
    assertEquals(List.of(), students(config));
    assertNotNull(teach(config, new Judged(() -> {})).release());
    BaseRelease.Learned learned = BaseRelease.learned(students(config).get(0));
    assertEquals(TEXTS + 1, learned.samples().size());
    assertEquals(Set.of(release), learned.releases());
  }

  /** The folders that docs/compression.md names. */
  private static List<Path> students(MillraceConfig config) throws IOException {
    try (Stream<Path> all = Files.walk(Path.of(config.compress().work()))) {
      return all.filter(path -> path.endsWith("student")).toList();
    }
  }

  /** For who is to do nothing but tell its base by the digest. */
  private static final class Never implements Teaching.Progress {
    @Override
    public void requireWanted() {}

    @Override
    public void asked() {
      throw new AssertionError("it asks");
    }

    @Override
    public void awaitKept() {
      throw new AssertionError("it releases");
    }

    @Override
    public void stepped(long step, double loss) {
      throw new AssertionError("it trains");
    }
  }

  /** Orders something once the student has learned, before it was judged. */
  private static final class Judged implements Teaching.Progress {
    private final Runnable order;
    private boolean learned;
    private boolean asked;
    private int kept;

    Judged(Runnable order) {
      this.order = order;
    }

    @Override
    public void requireWanted() {
      if (learned) {
        learned = false;
        order.run();
      }
    }

    @Override
    public void asked() {
      asked = true;
    }

    @Override
    public void awaitKept() {
      kept++;
    }

    @Override
    public void stepped(long step, double loss) {
      learned = true;
    }
  }

  private static Verdict teach(MillraceConfig config, Teaching.Progress progress) throws Exception {
    TopicTeaching teaching = new TopicTeaching(config);
    return teaching.teach(teaching.choose(), progress);
  }

  private static MillraceConfig config(String name) {
    Path own = folder.resolve(name);
    String prefix = name + ".";
    Topics unused = Topics.create(broker.bootstrapServers(), prefix, 1);
    return MillraceConfig.defaults()
        .with(
            Map.of(
                "kafka.bootstrap",
                broker.bootstrapServers(),
                "kafka.prefix",
                prefix,
                "base.dir",
                base.toString(),
                "store.uri",
                own.resolve("store").toUri().toString(),
                "compress.work",
                own.resolve("work").toString(),
                "compress.factor",
                "30", // no part of the base, which takes long to cut
                "compress.steps",
                "1",
                "compress.bound",
                "100",
                "compress.domainBound",
                "100"));
  }

  /** Writes texts to the topic. */
  private static List<LearnedSample> texts(MillraceConfig config) throws Exception {
    Random random = new Random(1);
    String topic = new Topics(config.kafka().prefix()).samples();
    List<LearnedSample> learned = new ArrayList<>();
    try (Feed feed = new Feed(broker.bootstrapServers())) {
      for (int i = 0; i < TEXTS; i++) {
        Sample sample = Feed.sample("s" + i, "cloud", Feed.words(random), 1_000 + i);
        Origin at = feed.place(topic, "cloud", Codecs.samples().encode(sample));
        learned.add(new LearnedSample(sample.id(), at, false));
      }
    }
    return learned;
  }

  /** Publishes the release of a domain that learned these. */
  private static ReleaseEvent cloud(MillraceConfig config, List<LearnedSample> learned)
      throws Exception {
    Path store = TinyParts.path(config.store().uri());
    return new NanoReleases(store).publish("cloud", 1, learned);
  }

  private static ReleaseEvent forget(String sample) {
    return new ReleaseEvent(
            null, "cloud", Kind.ADAPTER, Action.FORGET, "", "", null, 0, "a test", Origin.UNWRITTEN)
        .forgetting(List.of(sample));
  }

  private static void write(MillraceConfig config, ReleaseEvent event) {
    try (RecordWriter writer = new RecordWriter(config.kafka())) {
      ReleaseRecords.append(writer, new Topics(config.kafka().prefix()), event).join();
    }
  }

  private static List<ReleaseEvent> bases(MillraceConfig config) {
    return new AcceptedText(config)
        .events().stream().filter(event -> event.kind() == Kind.BASE).toList();
  }
}
