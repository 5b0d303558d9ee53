package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AcceptedTextTest {

  private static final String TOPIC = "millrace.samples";

  @Test
  void places_releasesOfSharedDomains_eachOnceInTheOrderOfTheTopic() {
    Manifest cloud = release(null, "cloud", learned(1, 7), learned(0, 9), learned(0, 3));
    Manifest legal =
        release(
            null,
            "legal",
            new LearnedSample("again", new Origin(TOPIC, 0, 3), true),
            new LearnedSample("elsewhere", new Origin("other.samples", 0, 1), false));
    Manifest others = release("somebody", "cloud", learned(0, 4));
    assertEquals(
        List.of(new Origin(TOPIC, 0, 3), new Origin(TOPIC, 0, 9), new Origin(TOPIC, 1, 7)),
        AcceptedText.places(List.of(cloud, legal, others), TOPIC));
  }

  @Test
  void text_textAndCode_areKeptWithWhatTheyWereCutFrom() {
    AcceptedText.Text text = AcceptedText.text(raw(Modality.TEXT), Set.of("other"));
    assertNotNull(text);
    assertEquals(new AcceptedText.Text(new Origin(TOPIC, 0, 5), "s", "thread", "words"), text);
    assertNotNull(AcceptedText.text(raw(Modality.CODE), Set.of()));
  }

  @Test
  void text_mediaOrToBeForgotten_isLeftOut() {
    assertNull(AcceptedText.text(raw(Modality.IMAGE), Set.of()));
    assertNull(AcceptedText.text(raw(Modality.AUDIO), Set.of()));
    assertNull(AcceptedText.text(raw(Modality.TEXT), Set.of("s")));
  }

  /** Or the job that compresses would fail again and again. */
  @Test
  void text_whatIsNoSampleAnyMore_isLeftOut() {
    RawRecord raw = new RawRecord(new Origin("samples", 0, 1), 0, null, new byte[] {7, 7});
    assertNull(AcceptedText.text(raw, Set.of()));
  }

  @Test
  void places_storeWithWhatIsNoRelease_passesItOver(@TempDir Path store) throws IOException {
    SortedMap<String, byte[]> files = new TreeMap<>();
    files.put(AdapterFolder.CONFIG, new byte[] {1});
    files.put(AdapterFolder.WEIGHTS, new byte[] {2});
    Manifest cloud = release(null, "cloud", learned(0, 3));
    ReleaseStore.of(StoreFiles.in(store)).publish(new Draft(cloud, files));
    Path foreign = Files.createDirectory(store.resolve("f".repeat(64)));
    Files.writeString(foreign.resolve(Manifest.FILE), "{}");
    Files.createDirectory(store.resolve("unfinished"));
    MillraceConfig config =
        MillraceConfig.defaults().with(Map.of("store.uri", store.toUri().toString()));
    AcceptedText accepted = new AcceptedText(config);
    assertEquals(Set.of(cloud.id()), accepted.releases().keySet());
    assertEquals(List.of(new Origin(TOPIC, 0, 3)), accepted.places());
  }

  private static LearnedSample learned(int partition, long offset) {
    return new LearnedSample("s" + partition + offset, new Origin(TOPIC, partition, offset), false);
  }

  private static RawRecord raw(Modality modality) {
    boolean media = modality == Modality.IMAGE || modality == Modality.AUDIO;
    Origin at = new Origin(TOPIC, 0, 5);
    Sample sample =
        new Sample(
            "s",
            "test",
            "thread",
            null,
            "cloud",
            modality,
            media ? "" : "words",
            media ? new byte[] {1, 2, 3} : new byte[0],
            media ? "a caption" : null,
            1_000,
            at);
    return new RawRecord(at, 1_000, null, Codecs.samples().encode(sample));
  }

  private static Manifest release(
      @Nullable String tenant, String domain, LearnedSample... learned) {
    SortedMap<String, ReleaseFile> files = new TreeMap<>();
    files.put(AdapterFolder.CONFIG, ReleaseFile.of(new byte[] {1}));
    files.put(AdapterFolder.WEIGHTS, ReleaseFile.of(new byte[] {2}));
    return new Manifest(
        tenant,
        domain,
        "base",
        files,
        "int8-row",
        Routing.topK(1),
        null,
        1,
        List.of(learned),
        List.of(),
        new TrainingPlan(1, new TreeMap<>(), 1, 1, "test", "none"),
        List.of(),
        null);
  }
}
