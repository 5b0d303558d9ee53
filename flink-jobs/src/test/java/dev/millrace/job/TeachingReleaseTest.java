package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TeachingReleaseTest {

  private static final byte[] WEIGHTS = {2};

  @TempDir Path folder;

  @Test
  void fetch_adapterOfASharedDomain_bringsItsFilesAndWhatTaughtItsParents() throws IOException {
    Manifest parent = release(null, "base", null, 1);
    Manifest manifest = release(null, "base", parent.id(), 2);
    TeachingRelease teacher = fetch(manifest, Map.of(parent.id(), parent), "base");
    assertArrayEquals(WEIGHTS, Files.readAllBytes(teacher.folder().resolve(AdapterFolder.WEIGHTS)));
    assertArrayEquals(
        manifest.toBytes(),
        Files.readAllBytes(teacher.folder().resolve(Manifest.FILE)),
        "who teaches reads the routing there");
    assertEquals(Set.of(at(1), at(2)), teacher.learned());
  }

  @Test
  void requireUntaught_sampleThatTaughtAParent_isRefused() throws IOException {
    Manifest parent = release(null, "base", null, 1);
    Manifest manifest = release(null, "base", parent.id(), 2);
    TeachingRelease teacher = fetch(manifest, Map.of(parent.id(), parent), "base");
    teacher.requireUntaught(Set.of("s3"));
    assertEquals(
        "compress.release %s was taught sample s1, which is to be forgotten, expected one that does not know it"
            .formatted(manifest.id()),
        assertThrows(
                IllegalArgumentException.class, () -> teacher.requireUntaught(Set.of("s1", "s3")))
            .getMessage());
  }

  @Test
  void fetch_ofATenantOrOnAnotherBase_isRefused() {
    Manifest tenants = release("somebody", "base", null, 1);
    Manifest shared = release(null, "base", null, 1);
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> fetch(tenants, Map.of(), "base"))
            .getMessage()
            .contains("tenant somebody and base base, expected an adapter of a shared domain"));
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> fetch(shared, Map.of(), "next"))
            .getMessage()
            .contains("base base, expected an adapter of a shared domain on base next"));
  }

  @Test
  void fetch_fileThatIsNotThere_isRefusedUnlessTheStoreIsAway() throws IOException {
    Manifest manifest = release(null, "base", null, 1);
    Path store = folder.resolve("store");
    Path weights = store.resolve(manifest.id()).resolve(AdapterFolder.WEIGHTS);
    TeachingRelease unused = fetch(manifest, Map.of(), "base");
    MillraceConfig config = config(manifest.id());
    for (Path file : List.of(weights, weights.resolveSibling(Manifest.FILE))) {
      Files.delete(file);
      String failure =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> TeachingRelease.fetch(config, Map.of(), "base"))
              .getMessage();
      assertTrue(failure.contains("is not whole in " + config.store().uri()), failure);
    }
    Files.move(store, folder.resolve("elsewhere"));
    assertThrows(IOException.class, () -> TeachingRelease.fetch(config, Map.of(), "base"));
  }

  @Test
  void teaching_textsThatTaughtIt_areAllButATenthOfTheirDocuments() throws IOException {
    TeachingRelease teacher = fetch(release(null, "base", null, 1), Map.of(), "base");
    assertEquals(1_000 - 101, teacher.teaching(texts(1)).size());
    assertEquals(texts(2), teacher.teaching(texts(2)));
    try (Tokenizer tokenizer = Tokenizers.open(NanoReleases.NANO)) {
      SampleTokens beginnings = BaseTexts.beginnings(NanoReleases.NANO, tokenizer);
      assertEquals(101, teacher.exam(texts(1), beginnings).texts().size());
      assertThrows(IllegalArgumentException.class, () -> teacher.exam(texts(2), beginnings));
    }
  }

  /** Of three, none was of the tenth for most releases, and the job failed for good. */
  @Test
  void teaching_fewDocuments_areAllButOne() throws IOException {
    for (int documents = 1; documents < 10; documents++) {
      TeachingRelease teacher = fetch(release(null, "base", null, 1), Map.of(), "base");
      assertEquals(documents - 1, teacher.teaching(texts(1).subList(0, documents)).size());
    }
  }

  /** A later release of the domain may have learned more of a document that judges. */
  @Test
  void teaching_pieceThatItHasNotLearnedOfADocumentThatJudges_isNotAmongThem() throws IOException {
    TeachingRelease teacher = fetch(release(null, "base", null, 1), Map.of(), "base");
    List<AcceptedText.Text> both = new ArrayList<>(texts(1));
    both.addAll(texts(2, "another piece"));
    assertEquals(2 * (1_000 - 101), teacher.teaching(both).size());
    try (Tokenizer tokenizer = Tokenizers.open(NanoReleases.NANO)) {
      SampleTokens beginnings = BaseTexts.beginnings(NanoReleases.NANO, tokenizer);
      assertEquals(101, teacher.exam(both, beginnings).texts().size());
    }
  }

  /** Another domain learned them in documents of its own, and equal texts are refused in one. */
  @Test
  void teaching_textThatJudgesInAnotherDomainsDocument_isNotAmongThem() throws IOException {
    TeachingRelease teacher = fetch(release(null, "base", null, 1), Map.of(), "base");
    List<AcceptedText.Text> both = new ArrayList<>(texts(1));
    texts(2).stream()
        .map(t -> new AcceptedText.Text(t.origin(), t.id(), "their " + t.document(), t.text()))
        .forEach(both::add);
    assertEquals(2 * (1_000 - 101), teacher.teaching(both).size());
  }

  @Test
  void exam_textsLongerThanASequence_judgeByTheirBeginnings() throws IOException {
    TeachingRelease teacher = fetch(release(null, "base", null, 1), Map.of(), "base");
    try (Tokenizer tokenizer = Tokenizers.open(NanoReleases.NANO)) {
      SampleTokens beginnings = BaseTexts.beginnings(NanoReleases.NANO, tokenizer);
      Exam exam = teacher.exam(texts(1, "several words ".repeat(300)), beginnings);
      Exam.Text first = exam.texts().get(0);
      assertEquals(256, first.tokens().length);
      assertEquals(tokenizer.decode(first.tokens()).length(), first.bytes());
    }
  }

  private static List<AcceptedText.Text> texts(long offset) {
    return texts(offset, "several words");
  }

  private static List<AcceptedText.Text> texts(long offset, String text) {
    return IntStream.range(0, 1_000)
        .mapToObj(i -> new AcceptedText.Text(at(offset), "s" + i, "document " + i, i + " " + text))
        .toList();
  }

  private TeachingRelease fetch(Manifest manifest, Map<String, Manifest> stored, String base)
      throws IOException {
    SortedMap<String, byte[]> files = new TreeMap<>();
    files.put(AdapterFolder.CONFIG, new byte[] {1});
    files.put(AdapterFolder.WEIGHTS, WEIGHTS);
    ReleaseStore.of(StoreFiles.in(folder.resolve("store"))).publish(new Draft(manifest, files));
    return TeachingRelease.fetch(config(manifest.id()), stored, base);
  }

  private MillraceConfig config(String release) {
    return MillraceConfig.defaults()
        .with(
            Map.of(
                "store.uri", folder.resolve("store").toUri().toString(),
                "compress.work", folder.resolve("work").toString(),
                "compress.release", release));
  }

  private static Origin at(long offset) {
    return new Origin("millrace.samples", 0, offset);
  }

  private static Manifest release(
      @Nullable String tenant, String base, @Nullable String parent, long learned) {
    SortedMap<String, ReleaseFile> files = new TreeMap<>();
    files.put(AdapterFolder.CONFIG, ReleaseFile.of(new byte[] {1}));
    files.put(AdapterFolder.WEIGHTS, ReleaseFile.of(WEIGHTS));
    return Manifests.of(
        tenant,
        "cloud",
        Kind.ADAPTER,
        base,
        files,
        parent,
        learned,
        new LearnedSample("s" + learned, at(learned), false));
  }
}
