package dev.millrace.job.operator.gather;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.Openers;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.config.UnlabelledConfig;
import dev.millrace.job.corpus.Chunks;
import dev.millrace.job.corpus.Corpora;
import dev.millrace.job.corpus.Document;
import dev.millrace.job.operator.DomainKey;
import dev.millrace.job.operator.Outputs;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On real texts, in nano's tokens. */
class AssignOperatorTest {

  private static final List<String> DOMAINS = List.of("cloud", "dictionary", "health", "legal");
  private static final int LABELLED = 60;
  private static final int UNLABELLED = 60;
  private static final long SPAN = 1_000;
  private static final long SETTLED = 600_000;
  private static final Map<String, List<String>> TEXTS = texts();

  @TempDir private Path folder;

  /** A harness, and the domain that each of its samples is really of. */
  private static final class Bench implements AutoCloseable {
    private static final Path NANO = Path.of("../models/nano");

    private final AssignOperator operator;
    private final KeyedOneInputStreamOperatorTestHarness<String, Sample, Sample> harness;
    private final Map<Long, String> truth = new HashMap<>();
    private long offset;

    Bench(UnlabelledConfig config) throws Exception {
      this(config, NANO, null);
    }

    /**
     * @param snapshot null for an operator without state
     */
    Bench(UnlabelledConfig config, Path base, @Nullable OperatorSubtaskState snapshot)
        throws Exception {
      this(config, base, snapshot, 0);
    }

    Bench(
        UnlabelledConfig config,
        Path base,
        @Nullable OperatorSubtaskState snapshot,
        long openMillis)
        throws Exception {
      MillraceConfig nano = MillraceConfig.defaults().with(Map.of("base.dir", base.toString()));
      operator = new AssignOperator(Openers.assigning(nano), config);
      harness =
          new KeyedOneInputStreamOperatorTestHarness<>(operator, DomainKey::tenant, Types.STRING);
      harness.setProcessingTime(openMillis);
      if (snapshot != null) {
        harness.initializeState(snapshot);
      }
      harness.open();
    }

    void send(@Nullable String tenant, String truly, boolean labelled, String text)
        throws Exception {
      truth.put(offset, truly);
      send(tenant, labelled ? truly : null, Modality.TEXT, text, new byte[0], null);
    }

    /** A picture of a domain, as it comes here: without its media. */
    void sendPicture(String domain, @Nullable String caption) throws Exception {
      truth.put(offset, domain);
      send(null, domain, Modality.IMAGE, "", new byte[0], caption);
    }

    void sendPicture(int bytes, @Nullable String caption) throws Exception {
      send(null, null, Modality.IMAGE, "", new byte[bytes], caption);
    }

    private void send(
        @Nullable String tenant,
        @Nullable String domain,
        Modality modality,
        String text,
        byte[] media,
        @Nullable String caption)
        throws Exception {
      Origin origin = new Origin("samples", 0, offset);
      String id = "s" + offset++;
      Sample sample =
          new Sample(id, "t", id, tenant, domain, modality, text, media, caption, 0, origin);
      harness.processElement(new StreamRecord<>(sample));
    }

    List<Sample> assigned() {
      return harness.extractOutputValues();
    }

    List<Rejection> refused() {
      Queue<StreamRecord<Rejection>> refused = harness.getSideOutput(Outputs.REJECTED);
      return refused == null ? List.of() : refused.stream().map(StreamRecord::getValue).toList();
    }

    /** Samples by what they truly are, and by where they went. */
    Map<String, Map<String, Integer>> table() {
      Map<String, Map<String, Integer>> table = new TreeMap<>();
      for (Sample sample : assigned()) {
        table
            .computeIfAbsent(truth.get(sample.origin().offset()), t -> new TreeMap<>())
            .merge(String.valueOf(sample.domain()), 1, Integer::sum);
      }
      return table;
    }

    @Override
    public void close() throws Exception {
      harness.close();
    }
  }

  private static Map<String, List<String>> texts() {
    Map<String, List<String>> texts = new HashMap<>();
    for (String domain : DOMAINS) {
      List<Document> pieces = new ArrayList<>();
      Corpora.load(domain).forEach(document -> pieces.addAll(Chunks.chunks(document, 600)));
      Collections.shuffle(pieces, new Random(3));
      texts.put(domain, pieces.stream().limit(400).map(Document::text).toList());
    }
    return texts;
  }

  private static UnlabelledConfig config(int waiting) {
    return new UnlabelledConfig(waiting, 24, SPAN);
  }

  private static void label(Bench bench, List<String> domains) throws Exception {
    for (int i = 0; i < LABELLED; i++) {
      for (String domain : domains) {
        bench.send(null, domain, true, TEXTS.get(domain).get(i));
      }
    }
  }

  /** Texts of all domains without a name, in an order of their own. */
  private static List<Map.Entry<String, String>> unnamed() {
    List<Map.Entry<String, String>> stream = new ArrayList<>();
    for (String domain : DOMAINS) {
      TEXTS.get(domain).subList(LABELLED, LABELLED + UNLABELLED).stream()
          .map(text -> Map.entry(domain, text))
          .forEach(stream::add);
    }
    Collections.shuffle(stream, new Random(5));
    return stream;
  }

  private static void send(Bench bench, List<Map.Entry<String, String>> stream) throws Exception {
    for (Map.Entry<String, String> text : stream) {
      bench.send(null, text.getKey(), false, text.getValue());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cloud", "dictionary", "health", "legal"})
  void processElement_oneDomainNeverNamed_isFoundAndTheOthersGetTheirOwn(String unknown)
      throws Exception {
    try (Bench bench = new Bench(config(256))) {
      label(bench, DOMAINS.stream().filter(domain -> !domain.equals(unknown)).toList());
      send(bench, unnamed());
      bench.harness.setProcessingTime(SPAN);
      Map<String, Map<String, Integer>> table = bench.table();
      List<String> found =
          table.get(unknown).keySet().stream().filter(name -> name.startsWith("found-")).toList();
      assertEquals(1, found.size(), table.toString());
      for (String domain : DOMAINS) {
        String home = domain.equals(unknown) ? found.get(0) : domain;
        int right = table.get(domain).getOrDefault(home, 0);
        assertTrue(right >= 0.75 * UNLABELLED, domain + " of " + table);
      }
      assertEquals(DOMAINS.size() * UNLABELLED, bench.assigned().size() + bench.refused().size());
    }
  }

  @Test
  void processElement_restoredHalfWay_assignsAsIfNothingHappened() throws Exception {
    List<Map.Entry<String, String>> stream = unnamed();
    int half = stream.size() / 2;
    Map<Long, String> throughout;
    try (Bench bench = new Bench(config(256))) {
      label(bench, DOMAINS.subList(0, 3));
      send(bench, stream);
      throughout = byOffset(bench.assigned());
    }
    Map<Long, String> restored;
    OperatorSubtaskState snapshot;
    long offset;
    try (Bench bench = new Bench(config(256))) {
      label(bench, DOMAINS.subList(0, 3));
      send(bench, stream.subList(0, half));
      snapshot = bench.harness.snapshot(1, 1);
      restored = byOffset(bench.assigned());
      offset = bench.offset;
    }
    try (Bench bench = new Bench(config(256), Bench.NANO, snapshot)) {
      bench.offset = offset;
      send(bench, stream.subList(half, stream.size()));
      restored.putAll(byOffset(bench.assigned()));
    }
    assertEquals(throughout, restored);
    assertTrue(throughout.values().stream().anyMatch(d -> d.startsWith("found-")));
  }

  /** The store has the releases of the one that was found before, by its name. */
  @Test
  void processElement_otherTextsOnATopicMadeAnew_findADomainOfAnotherName() throws Exception {
    assertNotEquals(foundOf("legal"), foundOf("dictionary"));
    assertEquals(foundOf("legal"), foundOf("legal"));
  }

  /** The name of the domain that a job without state finds, whose samples have no other place. */
  private static String foundOf(String domain) throws Exception {
    try (Bench bench = new Bench(config(256))) {
      for (int i = 0; i < UNLABELLED && !hasFound(bench); i++) {
        bench.offset = 0;
        bench.send(null, domain, false, TEXTS.get(domain).get(i));
      }
      return bench.assigned().get(0).domain();
    }
  }

  private static Map<Long, String> byOffset(List<Sample> samples) {
    Map<Long, String> domains = new TreeMap<>();
    samples.forEach(sample -> domains.put(sample.origin().offset(), sample.domain()));
    return domains;
  }

  /** Each of another language of its own: nobody agrees. */
  private static String alone(int i) {
    Random random = new Random(i);
    StringBuilder text = new StringBuilder();
    for (int word = 0; word < 30; word++) {
      text.append((char) (0x4e00 + 640 * i + random.nextInt(600)));
    }
    return text.toString();
  }

  @Test
  void processElement_tooManyWait_refusesTheOldest() throws Exception {
    try (Bench bench = new Bench(config(4))) {
      for (int i = 0; i < 6; i++) {
        bench.send(null, "nothing", false, alone(i));
      }
      assertEquals(List.of("s0", "s1"), bench.refused().stream().map(Rejection::id).toList());
      assertEquals("domain-unknown", bench.refused().get(0).reason());
      assertEquals(List.of(), bench.assigned());
    }
  }

  @Test
  void processElement_picturesThatWait_countAsTheTextsWhoseRoomTheyTake() throws Exception {
    try (Bench bench = new Bench(config(4))) {
      bench.sendPicture(Limits.TEXT_BYTES + 1, alone(0));
      bench.sendPicture(2 * Limits.TEXT_BYTES, alone(1));
      assertEquals(List.of(), bench.refused());
      bench.send(null, "nothing", false, alone(2));
      assertEquals(List.of("s0"), bench.refused().stream().map(Rejection::id).toList());
    }
  }

  @Test
  void processElement_tenantThatWasIdle_isKnownFromState() throws Exception {
    try (Bench bench = new Bench(config(4))) {
      label(bench, DOMAINS);
      bench.harness.snapshot(1, 1);
      bench.harness.snapshot(2, 2);
      bench.send(null, "legal", false, TEXTS.get("legal").get(LABELLED));
      assertEquals("legal", bench.assigned().get(0).domain());
    }
  }

  /** Anybody who writes samples can make names up, and no text of them need ever be accepted. */
  @Test
  void processElement_namesOfMoreTenantsThanAreRemembered_forgetsThoseAndNobodyWhoIsKnown()
      throws Exception {
    OperatorSubtaskState snapshot;
    try (Bench bench = new Bench(config(4))) {
      label(bench, DOMAINS);
      bench.send("first", "nothing", false, alone(1));
      for (int i = 0; i < MetTenants.MOST + 100; i++) {
        bench.send("t" + i, "d", true, "hello");
      }
      snapshot = bench.harness.snapshot(1, 1);
      int kept = bench.harness.numKeyedStateEntries();
      assertTrue(kept < 2 * MetTenants.MOST + 100, kept + " entries");
      assertEquals(1, bench.operator.waitingNow(), "who waits is not forgotten");
    }
    try (Bench bench = new Bench(config(4), Bench.NANO, snapshot)) {
      bench.offset = 10_000;
      for (int i = 0; i < MetTenants.MOST + 100; i++) {
        bench.send("u" + i, "d", true, "hello");
      }
      bench.harness.snapshot(2, 2);
      int kept = bench.harness.numKeyedStateEntries();
      assertTrue(kept < 2 * MetTenants.MOST + 100, kept + " entries");
      assertEquals(1, bench.operator.waitingNow());
      bench.send(null, "legal", false, TEXTS.get("legal").get(LABELLED));
      assertEquals("legal", bench.assigned().get(0).domain());
    }
  }

  /** Its waiting for what a new tokenizer has to learn included. */
  @Test
  void processElement_tenantThatIsForgotten_leavesNoState() throws Exception {
    OperatorSubtaskState snapshot;
    try (Bench bench = new Bench(config(4))) {
      bench.send("once", "d", true, "hello");
      snapshot = bench.harness.snapshot(1, 1);
    }
    try (Bench bench = new Bench(config(4), withBos(), snapshot)) {
      bench.send("once", "d", true, "hello");
      for (int i = 0; i < MetTenants.MOST; i++) {
        bench.send("t" + i, "d", true, "hello");
      }
      bench.harness.snapshot(2, 2);
      int kept = bench.harness.numKeyedStateEntries();
      assertEquals(2 * MetTenants.MOST, kept, "tokenizers and domains of the others");
    }
  }

  @Test
  void onProcessingTime_spanIsOverAfterARestart_refuses() throws Exception {
    OperatorSubtaskState snapshot;
    try (Bench bench = new Bench(config(4))) {
      bench.send(null, "nothing", false, alone(1));
      snapshot = bench.harness.snapshot(1, 1);
    }
    try (Bench bench = new Bench(config(4), Bench.NANO, snapshot)) {
      assertEquals(1, bench.operator.waitingNow());
      bench.harness.setProcessingTime(SPAN - 1);
      assertEquals(List.of(), bench.refused());
      bench.harness.setProcessingTime(SPAN);
      assertEquals(1, bench.refused().size());
      assertNotNull(bench.refused().get(0).detail());
    }
  }

  @Test
  void onProcessingTime_spanWasOverBeforeTheRestart_beginsAnew() throws Exception {
    OperatorSubtaskState snapshot;
    try (Bench bench = new Bench(config(4))) {
      bench.send(null, "nothing", false, alone(1));
      snapshot = bench.harness.snapshot(1, 1);
    }
    long later = 10 * SPAN;
    try (Bench bench = new Bench(config(4), Bench.NANO, snapshot, later)) {
      bench.harness.setProcessingTime(later + SPAN - 1);
      assertEquals(List.of(), bench.refused(), "what came meanwhile may agree");
      bench.harness.setProcessingTime(later + SPAN);
      assertEquals(1, bench.refused().size());
    }
  }

  @Test
  void onProcessingTime_spanEndsWhileTheThreadIsStopped_beginsAnew() throws Exception {
    try (Bench bench = new Bench(config(4))) {
      bench.send(null, "nothing", false, alone(1));
      long stopped = 2 * SPAN + 1;
      bench.harness.setProcessingTime(stopped);
      assertEquals(List.of(), bench.refused());
      bench.harness.setProcessingTime(stopped + SPAN);
      assertEquals(1, bench.refused().size());
    }
  }

  @Test
  void onProcessingTime_spanWithoutEnd_goesOnWaiting() throws Exception {
    try (Bench bench = new Bench(new UnlabelledConfig(4, 24, Long.MAX_VALUE))) {
      bench.harness.setProcessingTime(1);
      bench.send(null, "nothing", false, alone(1));
      bench.harness.setProcessingTime(2);
      assertEquals(List.of(), bench.refused());
      assertEquals(0, bench.harness.numProcessingTimeTimers(), "none would ever go");
    }
  }

  /** Those that were placed have left their timers behind. */
  @Test
  void onProcessingTime_timersFromBeforeARestart_endNoOthersWait() throws Exception {
    OperatorSubtaskState snapshot;
    try (Bench bench = new Bench(config(256))) {
      label(bench, DOMAINS.subList(0, 3));
      for (int i = 0; i < UNLABELLED && !hasFound(bench); i++) {
        bench.send(null, "legal", false, TEXTS.get("legal").get(i));
      }
      assertTrue(hasFound(bench));
      snapshot = bench.harness.snapshot(1, 1);
    }
    try (Bench bench = new Bench(config(256), Bench.NANO, snapshot)) {
      bench.offset = 1_000;
      bench.harness.setProcessingTime(SPAN / 2);
      bench.send(null, "nothing", false, alone(1));
      bench.harness.setProcessingTime(SPAN);
      assertFalse(refused(bench, "s1000"));
      bench.harness.setProcessingTime(SPAN + SPAN / 2);
      assertTrue(refused(bench, "s1000"));
    }
  }

  private static boolean hasFound(Bench bench) {
    return bench.assigned().stream().anyMatch(s -> s.domain().startsWith("found-"));
  }

  private static boolean refused(Bench bench, String id) {
    return bench.refused().stream().anyMatch(refusal -> refusal.id().equals(id));
  }

  @Test
  void endInput_someWait_areRefused() throws Exception {
    try (Bench bench = new Bench(config(4))) {
      bench.send(null, "nothing", false, alone(1));
      bench.send("somebody", "nothing", false, alone(2));
      bench.harness.endInput();
      assertEquals(2, bench.refused().size());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void processElement_manyPicturesWithoutCaptions_textsFindTheirDomainStill(boolean bos)
      throws Exception {
    try (Bench bench = new Bench(config(256), bos ? withBos() : Bench.NANO, null)) {
      label(bench, DOMAINS);
      for (int i = 0; i < 100; i++) {
        bench.sendPicture("legal", i % 2 == 0 ? null : " ".repeat(i));
      }
      bench.send(null, "legal", false, TEXTS.get("legal").get(LABELLED));
      assertEquals(List.of("legal"), bench.assigned().stream().map(Sample::domain).toList());
    }
  }

  @Test
  void processElement_restoredWithAnotherTokenizer_learnsAnewAndOpensNoneBesideWhatIsNamed()
      throws Exception {
    OperatorSubtaskState snapshot;
    try (Bench bench = new Bench(config(256))) {
      label(bench, DOMAINS);
      snapshot = bench.harness.snapshot(1, 1);
    }
    for (int restart = 0; restart < 2; restart++) {
      try (Bench bench = new Bench(config(256), restart == 0 ? withBos() : folder, snapshot)) {
        bench.offset = 1_000L * (1 + restart);
        send(bench, unnamed());
        assertEquals(List.of(), bench.assigned());
        snapshot = bench.harness.snapshot(2 + restart, 2);
      }
    }
    try (Bench bench = new Bench(config(1_000), folder, snapshot)) {
      bench.offset = 3_000;
      label(bench, DOMAINS.subList(0, 3));
      bench.send(null, "cloud", false, TEXTS.get("cloud").get(LABELLED));
      assertEquals("cloud", bench.assigned().get(0).domain());
      sendLegal(bench, 0);
      assertFalse(hasFound(bench), "its samples have had no time to name it");
      bench.harness.setProcessingTime(SETTLED);
      sendLegal(bench, UNLABELLED);
      assertTrue(hasFound(bench));
    }
  }

  private static void sendLegal(Bench bench, int from) throws Exception {
    for (int i = from; i < from + UNLABELLED; i++) {
      bench.send(null, "legal", false, TEXTS.get("legal").get(i));
    }
  }

  /** Nano's tokens, behind one that every text begins with. */
  private Path withBos() throws IOException {
    for (String file : List.of("config.json", "tokenizer.json", BaseTexts.ANCHORS)) {
      Files.copy(Bench.NANO.resolve(file), folder.resolve(file));
    }
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"add_bos_token\": true, \"bos_token\": \"<|endoftext|>\"}");
    return folder;
  }

  @Test
  void processElement_picturesWithoutDomainAndCaption_makeNobodyWaitLess() throws Exception {
    try (Bench bench = new Bench(config(4))) {
      bench.send(null, "nothing", false, alone(0));
      for (int i = 0; i < 5; i++) {
        bench.sendPicture(4 * Limits.TEXT_BYTES, i == 0 ? " " : null);
      }
      assertEquals(
          Collections.nCopies(5, "caption-missing"),
          bench.refused().stream().map(Rejection::reason).toList());
    }
  }

  @Test
  void processElement_domainOfAnotherTenant_isNotReached() throws Exception {
    try (Bench bench = new Bench(config(256))) {
      label(bench, DOMAINS);
      bench.send("somebody", "legal", false, TEXTS.get("legal").get(LABELLED));
      bench.send(null, "legal", false, TEXTS.get("legal").get(LABELLED));
      assertEquals(1, bench.assigned().size());
      assertEquals(null, bench.assigned().get(0).tenant());
    }
  }
}
