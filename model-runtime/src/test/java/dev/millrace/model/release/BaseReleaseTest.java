package dev.millrace.model.release;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BaseReleaseTest {

  private static final String PARENT = "0".repeat(64);

  @TempDir private Path folder;
  private final Map<String, byte[]> store = new HashMap<>();
  private final ReleaseFiles files = new FilesInMemory(store);

  @BeforeEach
  void aBase() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{}");
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    Files.writeString(folder.resolve("model.safetensors"), "weights");
  }

  @Test
  void pieces_eachPiece_asksWhetherToGoOn() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    int pieces = BaseRelease.pieces(folder, asked::incrementAndGet).size();
    assertEquals(pieces, asked.get());
  }

  @Test
  void fetch_fileOfSeveralPieces_isTheSameFile(@TempDir Path into) throws IOException {
    byte[] large = new byte[BaseRelease.PIECE_BYTES + 3];
    new Random(1).nextBytes(large);
    Files.write(folder.resolve("model.safetensors"), large);
    Manifest manifest = published(Kind.BASE);
    assertEquals(
        List.of(
            "config.json",
            "model.safetensors.piece-00000",
            "model.safetensors.piece-00001",
            "tokenizer.json"),
        List.copyOf(manifest.files().keySet()));
    assertEquals(3, manifest.files().get("model.safetensors.piece-00001").size());
    assertEquals(manifest, BaseRelease.manifest(files, event(manifest, 1)));
    BaseRelease.fetch(files, "base", manifest, into);
    assertArrayEquals(large, Files.readAllBytes(into.resolve("model.safetensors")));
    assertEquals("{}", Files.readString(into.resolve("config.json")));
  }

  @Test
  void fetch_changedOrMissingPiece_isRefused(@TempDir Path into) throws IOException {
    Manifest manifest = published(Kind.BASE);
    store.put("base/model.safetensors", "Weights".getBytes(UTF_8));
    Path twice = Files.createDirectory(into.resolve("twice"));
    assertThrows(
        InvalidReleaseException.class, () -> BaseRelease.fetch(files, "base", manifest, into));
    store.remove("base/model.safetensors");
    assertThrows(IOException.class, () -> BaseRelease.fetch(files, "base", manifest, twice));
  }

  @Test
  void fetch_pieceMissingInTheMiddle_isRefused(@TempDir Path into) throws IOException {
    Files.write(folder.resolve("model.safetensors"), new byte[BaseRelease.PIECE_BYTES + 3]);
    SortedMap<String, ReleaseFile> pieces = BaseRelease.pieces(folder);
    pieces.remove("model.safetensors.piece-00000");
    Manifest manifest = published(null, Kind.BASE, pieces);
    InvalidReleaseException refused =
        assertThrows(
            InvalidReleaseException.class, () -> BaseRelease.fetch(files, "base", manifest, into));
    assertEquals(
        "model.safetensors.piece-00001: 0 bytes lie before it, expected 67108864",
        refused.getMessage());
  }

  @Test
  void manifest_anotherBatchThanTheEvents_isRefused() throws IOException {
    Manifest manifest = published(Kind.BASE);
    InvalidReleaseException refused =
        assertThrows(
            InvalidReleaseException.class, () -> BaseRelease.manifest(files, event(manifest, 2)));
    assertEquals("batch is 1, expected 2", refused.getMessage());
  }

  @Test
  void manifest_releaseOfAnotherKind_isRefused() throws IOException {
    Files.writeString(folder.resolve("alignment.safetensors"), "places");
    Manifest manifest = published(Kind.ALIGNMENT);
    InvalidReleaseException refused =
        assertThrows(
            InvalidReleaseException.class, () -> BaseRelease.manifest(files, event(manifest, 1)));
    assertEquals("kind is ALIGNMENT, expected BASE", refused.getMessage());
  }

  /** It would be a base for all. */
  @Test
  void manifest_baseOfATenant_isRefused() throws IOException {
    Manifest manifest = published("acme", Kind.BASE, BaseRelease.pieces(folder));
    InvalidReleaseException refused =
        assertThrows(
            InvalidReleaseException.class,
            () -> BaseRelease.manifest(files, event("acme", manifest, 1)));
    assertEquals("tenant is acme, expected null", refused.getMessage());
  }

  @Test
  void manifest_baseOfADomain_isRefused() throws IOException {
    Manifest manifest = published(null, "legal", Kind.BASE, BaseRelease.pieces(folder));
    InvalidReleaseException refused =
        assertThrows(
            InvalidReleaseException.class, () -> BaseRelease.manifest(files, event(manifest, 1)));
    assertEquals("domain is legal, expected base", refused.getMessage());
  }

  @Test
  void manifest_pieceThatIsTooLarge_isRefused() throws IOException {
    SortedMap<String, ReleaseFile> pieces = BaseRelease.pieces(folder);
    pieces.put("model.safetensors", new ReleaseFile(BaseRelease.PIECE_BYTES + 1, "00"));
    Manifest manifest = published(null, Kind.BASE, pieces);
    InvalidReleaseException refused =
        assertThrows(
            InvalidReleaseException.class, () -> BaseRelease.manifest(files, event(manifest, 1)));
    assertEquals(
        "model.safetensors: size is 67108865, expected at most 67108864", refused.getMessage());
  }

  @Test
  void manifest_moreBytesThanAnAdapterMayHave_isRead() throws IOException {
    SortedMap<String, ReleaseFile> pieces = BaseRelease.pieces(folder);
    for (int i = 0; i * (long) BaseRelease.PIECE_BYTES <= ReleaseReader.MAX_BYTES; i++) {
      Files.writeString(folder.resolve("model-" + i), "");
      pieces.put("model-" + i, new ReleaseFile(BaseRelease.PIECE_BYTES, "00"));
    }
    Manifest manifest = published(null, Kind.BASE, pieces);
    assertEquals(manifest, BaseRelease.manifest(files, event(manifest, 1)));
  }

  @Test
  void manifest_noTokenizer_isRefusedByName() throws IOException {
    Files.delete(folder.resolve("tokenizer.json"));
    Manifest manifest = published(Kind.BASE);
    InvalidReleaseException refused =
        assertThrows(
            InvalidReleaseException.class, () -> BaseRelease.manifest(files, event(manifest, 1)));
    assertTrue(
        refused.getMessage().contains("config.json and tokenizer.json"), refused::getMessage);
  }

  @Test
  void pieces_nameThatNoReleaseHas_isRefused() throws IOException {
    for (String name : List.of("model.piece-00001", Manifest.FILE, Manifest.SIGNATURE)) {
      Path file = Files.writeString(folder.resolve(name), "");
      assertThrows(InvalidReleaseException.class, () -> BaseRelease.pieces(folder), name);
      Files.delete(file);
    }
  }

  @Test
  void learned_asNoted_fromTheFolderAndFromARelease() throws IOException {
    assertLearned(Set.of(), Set.of());
    BaseRelease.noteLearned(folder, folder, List.of("s2", "s1", "s2"));
    assertEquals(
        "{\"releases\":[],\"samples\":[\"s1\",\"s2\"]}",
        Files.readString(folder.resolve("learned.json")));
    assertLearned(Set.of("s1", "s2"), Set.of());
    Files.writeString(folder.resolve(BaseRelease.LEARNED), "{\"samples\":[\"s1\"]}"); // of before
    BaseRelease.note(folder, Map.of("legal", new BaseRelease.Taught("r1", 1.25, 1.26)));
    assertLearned(Set.of("s1"), Set.of("r1"));
    Files.writeString(folder.resolve(BaseRelease.LEARNED), "[]");
    assertThrows(InvalidReleaseException.class, () -> BaseRelease.learned(folder));
  }

  /** Also where another domain was folded into the base after it. */
  @Test
  void learned_baseOfABaseOfABase_namesWhatTaughtTheFirst() throws IOException {
    Path first = Files.createDirectory(folder.resolve("first"));
    Path second = Files.createDirectory(folder.resolve("second"));
    BaseRelease.note(first, Map.of("legal", new BaseRelease.Taught("r1", 1.25, 1.26)));
    BaseRelease.noteLearned(first, folder, List.of("s1"));
    BaseRelease.note(second, Map.of("cloud", new BaseRelease.Taught("r2", 1.25, 1.26)));
    BaseRelease.noteLearned(second, first, List.of("s2"), List.of("r3"));
    BaseRelease.noteLearned(folder, second, List.of("s3"));
    assertLearned(Set.of("s1", "s2", "s3"), Set.of("r1", "r2", "r3"));
    assertEquals(Map.of(), BaseRelease.taught(folder)); // serving goes over with none of them
  }

  private void assertLearned(Set<String> samples, Set<String> releases) throws IOException {
    BaseRelease.Learned learned = new BaseRelease.Learned(samples, releases);
    assertEquals(learned, BaseRelease.learned(folder));
    assertEquals(learned, BaseRelease.learned(files, "base", published(Kind.BASE)));
  }

  @Test
  void taught_asNoted_fromTheFolderAndFromTheRelease() throws IOException {
    assertEquals(Map.of(), BaseRelease.taught(folder));
    Map<String, BaseRelease.Taught> taught =
        Map.of("legal", new BaseRelease.Taught("a".repeat(64), 1.25, 1.26));
    BaseRelease.note(folder, taught);
    assertEquals(taught, BaseRelease.taught(folder));
    Manifest manifest = published(Kind.BASE);
    assertEquals(taught, BaseRelease.taught(files, "base", manifest));
    store.put("base/" + BaseRelease.CONSOLIDATED, "{}".getBytes(UTF_8));
    assertThrows(InvalidReleaseException.class, () -> BaseRelease.taught(files, "base", manifest));
  }

  @Test
  void rebased_asNoted_fromTheFolderAndFromTheRelease() throws IOException {
    assertEquals(Map.of(), BaseRelease.rebased(folder));
    Map<String, BaseRelease.Rebased> rebased =
        Map.of("a".repeat(64), new BaseRelease.Rebased("legal", "b".repeat(64), 1.25, 1.26));
    BaseRelease.noteRebased(folder, rebased);
    assertEquals(rebased, BaseRelease.rebased(folder));
    Files.createDirectories(BaseRelease.rebased(folder, "b".repeat(64)));
    Manifest manifest = published(Kind.BASE);
    assertEquals(rebased, BaseRelease.rebased(files, "base", manifest));
    Files.writeString(folder.resolve(BaseRelease.REBASED), "[]");
    assertThrows(InvalidReleaseException.class, () -> BaseRelease.rebased(folder));
  }

  private static ReleaseEvent event(Manifest manifest, long batch) {
    return event(null, manifest, batch);
  }

  private static ReleaseEvent event(@Nullable String tenant, Manifest manifest, long batch) {
    Origin at = new Origin("releases", 0, 1);
    String id = manifest.id();
    return new ReleaseEvent(
        tenant, BaseRelease.DOMAIN, Kind.BASE, Action.PUBLISH, id, "base", null, batch, "test", at);
  }

  private Manifest published(Kind kind) throws IOException {
    return published(null, kind, BaseRelease.pieces(folder));
  }

  private Manifest published(
      @Nullable String tenant, Kind kind, SortedMap<String, ReleaseFile> pieces)
      throws IOException {
    return published(tenant, BaseRelease.DOMAIN, kind, pieces);
  }

  private Manifest published(
      @Nullable String tenant, String domain, Kind kind, SortedMap<String, ReleaseFile> pieces)
      throws IOException {
    Manifest manifest =
        new Manifest(
            tenant,
            domain,
            PARENT,
            pieces,
            "none",
            Routing.topK(1),
            null,
            1,
            List.of(),
            List.of(),
            BaseRelease.plan("1".repeat(64)),
            List.of(),
            null,
            kind);
    for (String piece : pieces.keySet()) {
      store.put("base/" + piece, BaseRelease.read(folder, piece));
    }
    store.put("base/" + Manifest.FILE, manifest.toBytes());
    return manifest;
  }
}
