package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent.Kind;
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
  private static final Origin HERE = new Origin(TOPIC, 0, 5);
  private static final String GONE =
      "1 of 1 sample is not on its topic any more, such as %s (millrace.samples, partition 0, offset 5)";

  @Test
  void learned_releasesOfSharedDomains_eachOnceOfTheTopic() {
    Manifest cloud = release(null, "cloud", learned(1, 7), learned(0, 9), learned(0, 3));
    Manifest legal =
        release(
            null,
            "legal",
            new LearnedSample("s03", new Origin(TOPIC, 0, 3), true),
            new LearnedSample("elsewhere", new Origin("other.samples", 0, 1), false));
    Manifest others = release("somebody", "cloud", learned(0, 4));
    assertEquals(
        Set.of(learned(0, 3), learned(0, 9), learned(1, 7)),
        AcceptedText.learned(List.of(cloud, legal, others), TOPIC));
  }

  @Test
  void texts_textAndCode_areKeptWithWhatTheyWereCutFrom() {
    assertEquals(
        List.of(new AcceptedText.Text(HERE, "s", "thread", "words")),
        read(raw(Modality.TEXT), "s", Set.of("other")).texts());
    assertEquals(1, read(raw(Modality.CODE), "s", Set.of()).texts().size());
  }

  @Test
  void texts_mediaOrToBeForgotten_areLeftOut() {
    AcceptedText.Read nothing = new AcceptedText.Read(List.of(), "");
    assertEquals(nothing, read(raw(Modality.IMAGE), "s", Set.of()));
    assertEquals(nothing, read(raw(Modality.AUDIO), "s", Set.of()));
    assertEquals(nothing, read(raw(Modality.TEXT), "s", Set.of("s")));
  }

  /** Or the job that compresses would fail again and again. */
  @Test
  void texts_whatIsNoSampleAnyMore_isLeftOutAndNamed() {
    AcceptedText.Read read = read(new RawRecord(HERE, 0, null, new byte[] {7, 7}), "s", Set.of());
    assertEquals(List.of(), read.texts());
    assertEquals(GONE.formatted("s"), read.gone());
  }

  /** Another text would teach the student, which nobody has accepted, and which may judge. */
  @Test
  void texts_anotherSampleInItsPlace_isLeftOutAndNamed() {
    AcceptedText.Read read = read(raw(Modality.TEXT), "before", Set.of());
    assertEquals(List.of(), read.texts());
    assertEquals(GONE.formatted("before"), read.gone());
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, read::requireSome);
    assertEquals(GONE.formatted("before") + "; expected some to teach", e.getMessage());
  }

  private static AcceptedText.Read read(RawRecord raw, String id, Set<String> forgotten) {
    AcceptedText.Reading reading =
        new AcceptedText.Reading(
            List.of(HERE), Set.of(new LearnedSample(id, HERE, false)), forgotten);
    reading.take(raw);
    return reading.done();
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
    String text = media ? "" : "words";
    String caption = media ? "a caption" : null;
    byte[] bytes = media ? new byte[] {1, 2, 3} : new byte[0];
    Sample sample =
        new Sample(
            "s", "test", "thread", null, "cloud", modality, text, bytes, caption, 1_000, HERE);
    return new RawRecord(HERE, 1_000, null, Codecs.samples().encode(sample));
  }

  private static Manifest release(
      @Nullable String tenant, String domain, LearnedSample... learned) {
    SortedMap<String, ReleaseFile> files = new TreeMap<>();
    files.put(AdapterFolder.CONFIG, ReleaseFile.of(new byte[] {1}));
    files.put(AdapterFolder.WEIGHTS, ReleaseFile.of(new byte[] {2}));
    return Manifests.of(tenant, domain, Kind.ADAPTER, "base", files, null, 1, learned);
  }
}
