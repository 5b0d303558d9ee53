package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.Manifests;
import dev.millrace.job.StreamRecords;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.releases.ReleaseTopic;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the command writes to a real broker and deletes from a store; the test is its learn job. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ForgetIT {

  private static final String DOMAIN = "stamps";

  private static EmbeddedStack stack;

  @TempDir Path store;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private String prefix;
  private MillraceConfig config;
  private ReleaseTopic topic;

  /** first ← knowing ← last. */
  private String first;

  private String knowing;
  private String last;

  @BeforeAll
  static void start() {
    stack = EmbeddedStack.start(1, 1);
  }

  @AfterAll
  static void stop() {
    stack.close();
  }

  @BeforeEach
  void publish(TestInfo test) throws IOException {
    prefix = test.getTestMethod().orElseThrow().getName() + ".";
    Topics.create(stack.bootstrapServers(), prefix, 1);
    config =
        MillraceConfig.defaults()
            .with(Map.of("kafka.bootstrap", stack.bootstrapServers(), "kafka.prefix", prefix));
    topic = ReleaseTopic.of(config);
    first = publish(null, 0, "before");
    knowing = publish(first, 1, "gone");
    last = publish(knowing, 2, "after");
  }

  @Test
  void forget_topicOfOtherDomains_writesNothingAndDeletesNothing() {
    String other = prefix + "other.";
    Topics.create(stack.bootstrapServers(), other, 1);
    assertEquals(Main.USAGE, forget("gone", other, 60));
    assertTrue(
        err.toString().contains("no event on the topic names its domain stamps"), err::toString);
    assertEquals(3, topic.events().size());
    assertEquals(Set.of(first, knowing, last), stored());
  }

  /** It said nothing for ten minutes. */
  @Test
  void forget_noLearnJob_saysWhatItWaitsFor() {
    assertEquals(Output.FAILED, forget("gone", prefix, 6), err::toString);
    assertTrue(
        err.toString()
            .contains(
                "the order stands, but learn has not obeyed it yet in the alignment of domain stamps: waiting up to 6 s"),
        err::toString);
  }

  @Test
  void forget_pinnedToWhatDoesNotKnow_staysPinnedAllTheTime() {
    Origin pin = topic.write(event(Action.PIN, first, null, 0));
    CompletableFuture<Void> learn = obey(pin);
    assertEquals(0, forget("gone", prefix, 60), err::toString);
    learn.join();
    assertEquals(List.of("FORGET " + first, "PIN " + first), since(pin));
    assertEquals(List.of("file:/" + first, "file:/" + first), places(pin), "as the topic has it");
    assertEquals(Set.of(first), stored());
  }

  /** It said that the domain was pinned, whose adapter learned on. */
  @Test
  void pin_alignment_saysThatItIsOne() throws IOException {
    Files.write(store.resolve(last).resolve(ReleaseReader.ALIGNMENT), new byte[0]);
    int status =
        Main.run(
            new PrintWriter(out, true),
            new PrintWriter(err, true),
            "releases",
            "pin",
            last,
            "--bootstrap=" + stack.bootstrapServers(),
            "--set=kafka.prefix=" + prefix,
            "--store=" + store);
    assertEquals(0, status, err::toString);
    assertEquals(
        "the alignment of domain stamps is pinned to %s%n".formatted(last), out.toString());
  }

  @Test
  void forget_cutOffWhilePinned_pinsWhenItRunsAgain() {
    Origin pin = topic.write(event(Action.PIN, last, null, 2));
    assertEquals(Output.FAILED, forget("gone", prefix, 0), err::toString);
    assertTrue(err.toString().contains("run this again"), err::toString);
    assertEquals(List.of("FORGET " + first), since(pin));
    assertEquals(Set.of(first, knowing, last), stored());
    List<ReleaseEvent> events = topic.events();
    CompletableFuture<Void> learn = obey(events.get(events.size() - 1).origin());
    assertEquals(0, forget("gone", prefix, 60), err::toString);
    learn.join();
    assertEquals(List.of("FORGET " + first, "FORGET " + first, "PIN " + first), since(pin));
    assertEquals(Set.of("file:/" + first), Set.copyOf(places(pin)));
    assertEquals(Set.of(first), stored());
  }

  /** What they said last counts. */
  @Test
  void forget_peoplePinnedMeanwhile_staysWhereTheyPinnedIt() {
    Origin pin = topic.write(event(Action.PIN, last, null, 2));
    ReleaseEvent theirs = event(Action.PIN, first, null, 0);
    CompletableFuture<Void> learn = obey(pin, () -> topic.write(theirs));
    assertEquals(0, forget("gone", prefix, 60), err::toString);
    learn.join();
    assertEquals(List.of("FORGET " + first, "PIN " + first), since(pin));
    assertTrue(
        err.toString().contains("not pinned again: somebody ordered PIN to " + first),
        err::toString);
    assertEquals(Set.of(first), stored());
  }

  @Test
  void forget_pinnedAndNothingLeftToPinItTo_isNotPinnedByTheNextRunEither() throws IOException {
    Origin pin = topic.write(event(Action.PIN, last, null, 2));
    CompletableFuture<Void> learn = obey(pin);
    assertEquals(0, forget("before", prefix, 60), err::toString);
    learn.join();
    assertTrue(
        err.toString().contains("is not pinned again: no release of its own"), err::toString);
    String next = publish(null, 3, "next");
    Origin published = topic.events().get(topic.events().size() - 1).origin();
    learn = obey(published);
    assertEquals(0, forget("nowhere", prefix, 60), err::toString);
    learn.join();
    assertEquals(List.of("FORGET " + next), since(published));
  }

  @Test
  void forget_sampleThatWaitsWhereNothingIsReleased_isToldThereAlone() {
    Sample sample = Sample.ofText("waits", "a", "b", "new", "text", 0, Origin.UNWRITTEN);
    Origin unused = append("samples", Codecs.samples().encode(sample));
    CompletableFuture<Void> learn = obey(topic.events().get(2).origin());
    assertEquals(0, forget("waits", prefix, 60), err::toString);
    learn.join();
    List<ReleaseEvent> events = topic.events();
    assertEquals(4, events.size());
    assertEquals("new", events.get(3).domain());
    assertEquals("", events.get(3).release());
    assertTrue(out.toString().contains("barred:\n    domain new\n"), out::toString);
    assertEquals(Set.of(first, knowing, last), stored());
  }

  @Test
  void forget_sampleWithoutADomain_isToldWhereItsTenantsDomainsHaveVerdictsAlone() {
    Sample sample =
        Sample.ofText("waits", "a", "b", null, "text", 0, Origin.UNWRITTEN).withTenant("t");
    Origin unused = append("samples", Codecs.samples().encode(sample));
    assertEquals(0, forget("waits", prefix, 60), err::toString);
    assertTrue(
        err.toString().contains("1 sample without a domain is in no release"), err::toString);
    assertEquals(3, topic.events().size());

    Verdict waits = verdict("t", "found-0-0", Kind.ADAPTER, null, false, "enough-evidence", 0);
    unused = append("verdicts", Codecs.verdicts().encode(waits));
    CompletableFuture<Void> learn = obey(topic.events().get(2).origin());
    assertEquals(0, forget("waits", prefix, 60), err::toString);
    List<ReleaseEvent> events = topic.events();
    assertEquals(4, events.size());
    learn.join();
    assertEquals("found-0-0", events.get(3).domain());
    assertEquals("t", events.get(3).tenant());
    assertEquals(Set.of(first, knowing, last), stored());
  }

  @Test
  void forget_eventThatCannotBeDecoded_deletesNothing() {
    Origin garbage = append("releases", new byte[] {1});
    CompletableFuture<Void> learn = obey(garbage);
    assertEquals(Output.FAILED, forget("gone", prefix, 60), err::toString);
    learn.join();
    assertTrue(err.toString().contains("1 event of"), err::toString);
    assertEquals(List.of("FORGET " + first), since(garbage));
    assertEquals(Set.of(first, knowing, last), stored());
  }

  /** Misspelt it would forget nothing, and say that it had. */
  @Test
  void forget_sourceThatSentNothing_isRefused() {
    Sample sample = Sample.ofText("gone", "crawler", "b", DOMAIN, "text", 0, Origin.UNWRITTEN);
    Origin unused = append("samples", Codecs.samples().encode(sample));
    assertEquals(Main.USAGE, forgetBy("--source=crawl", prefix, 60));
    assertTrue(err.toString().contains("no sample of source crawl is on " + prefix), err::toString);
    assertEquals(0, forgetBy("--source=crawler", prefix, 60, "--dry-run"), err::toString);
    assertTrue(out.toString().contains(DOMAIN), out::toString);
    assertEquals(Set.of(first, knowing, last), stored());
  }

  private int forget(String sample, String topics, int waitSeconds) {
    return forgetBy("--sample=" + sample, topics, waitSeconds);
  }

  private int forgetBy(String what, String topics, int waitSeconds, String... more) {
    List<String> arguments = new ArrayList<>(List.of(more));
    arguments.addAll(
        0,
        List.of(
            "releases",
            "forget",
            what,
            "--bootstrap=" + stack.bootstrapServers(),
            "--set=kafka.prefix=" + topics,
            "--store=" + store,
            "--retire-after=0",
            "--wait=" + waitSeconds));
    return Main.run(
        new PrintWriter(out, true), new PrintWriter(err, true), arguments.toArray(String[]::new));
  }

  /** Answers the next event that has something forgotten. */
  private CompletableFuture<Void> obey(Origin after) {
    return obey(after, () -> after);
  }

  /** The same, after somebody has written something. */
  private CompletableFuture<Void> obey(Origin after, Supplier<Origin> others) {
    return CompletableFuture.runAsync(
        () -> {
          try (RecordReader reader =
              RecordReader.fromBeginning(config.kafka(), List.of(prefix + "releases"))) {
            ReleaseEvent found = null;
            while (found == null) {
              List<RawRecord> records = reader.poll(Duration.ofMillis(200));
              found =
                  ReleaseTopic.decoded(records, undecoded -> {}).stream()
                      .filter(event -> event.action() == Action.FORGET)
                      .filter(event -> event.origin().offset() > after.offset())
                      .findFirst()
                      .orElse(null);
            }
            Origin unused = others.get();
            unused = append("verdicts", Codecs.verdicts().encode(verdict(found)));
          }
        });
  }

  private Origin append(String name, byte[] value) {
    try (RecordWriter writer = new RecordWriter(config.kafka())) {
      return writer.append(prefix + name, "key", value).join();
    }
  }

  private static Verdict verdict(ReleaseEvent event) {
    return verdict(
        event.tenant(),
        event.domain(),
        event.kind(),
        event.release().isEmpty() ? null : event.release(),
        true,
        "forget-obeyed",
        event.origin().offset());
  }

  private static Verdict verdict(
      @Nullable String tenant,
      String domain,
      Kind kind,
      @Nullable String release,
      boolean passed,
      String rule,
      long offset) {
    Map<String, Double> figures = Map.of("offset", (double) offset);
    var rules = List.of(new RuleResult(rule, passed, "", new TreeMap<>(figures)));
    return new Verdict(tenant, domain, 3, release, null, passed, rules, 0, 0, 0, List.of(), kind);
  }

  private List<String> since(Origin place) {
    return topic.events().stream()
        .filter(event -> event.origin().offset() > place.offset())
        .map(event -> event.action() + " " + event.release())
        .toList();
  }

  private List<String> places(Origin after) {
    return topic.events().stream()
        .filter(event -> event.origin().offset() > after.offset())
        .map(ReleaseEvent::uri)
        .toList();
  }

  private Set<String> stored() {
    return StoredReleases.read(store).byId().keySet();
  }

  /** A release whose files nobody reads. */
  private String publish(@Nullable String parent, long batch, String sample) throws IOException {
    Manifest manifest =
        Manifests.of(
            null,
            DOMAIN,
            Kind.ALIGNMENT,
            "base",
            new TreeMap<>(Map.of(ReleaseReader.ALIGNMENT, ReleaseFile.of(new byte[0]))),
            parent,
            batch,
            new LearnedSample(sample, new Origin("samples", 0, batch), false));
    Path unused = Manifests.store(store, manifest);
    Origin unusedToo = topic.write(event(Action.PUBLISH, manifest.id(), parent, batch));
    return manifest.id();
  }

  private static ReleaseEvent event(
      Action action, String release, @Nullable String parent, long batch) {
    return StreamRecords.event(DOMAIN, Kind.ALIGNMENT, action, release, parent, batch, 0);
  }
}
