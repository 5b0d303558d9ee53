package dev.millrace.model.release;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.Site;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.peft.PeftFolder;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleaseReaderTest {
  private static final List<Site> SITES =
      List.of(Site.linear("m.0.q_proj", 6, 4), Site.linear("m.1.q_proj", 6, 4));
  private static final LoraWeights ADAPTER =
      LoraWeights.initial(new LoraConfig(2, 4, false, List.of("q_proj")), SITES, 5);

  private static final Profile PROFILE =
      Profile.empty().with(List.of(new int[] {1, 2, 2}), KnownTexts.of(List.of(), 4));

  @TempDir Path folder;
  private SortedMap<String, byte[]> files = new TreeMap<>();
  private Manifest manifest = manifest(Map.of());

  @BeforeEach
  void publish() throws IOException {
    files = PeftFolder.toFiles(ADAPTER, "base");
    files.put(Profile.FILE, PROFILE.toBytes());
    manifest = manifest(promises());
    write();
  }

  @Test
  void read_untouchedRelease_isWhatWasPublished() throws IOException {
    Release release = read();

    assertEquals(manifest, release.manifest());
    assertEquals(ADAPTER.settings(), release.adapter().settings());
    assertArrayEquals(ADAPTER.pairs().get(1).a(), release.adapter().factors().get(2).values());
    assertArrayEquals(PROFILE.toBytes(), release.profileOrEmpty().toBytes());
  }

  @Test
  void read_anyByteOfAnyFileFlipped_isRefused() throws IOException {
    files.put(Manifest.FILE, manifest.toBytes());
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      for (int i = 0; i < file.getValue().length; i++) {
        file.getValue()[i] ^= 1;
        assertThrows(
            InvalidReleaseException.class, this::readFromMemory, file.getKey() + " at " + i);
        file.getValue()[i] ^= 1;
      }
    }
    readFromMemory();
  }

  private void readFromMemory() throws IOException {
    ReleaseFiles memory = (uri, max) -> files.get(uri.substring(3));
    ReleaseReader.read(memory, "m:", manifest.id(), "b0", SITES);
  }

  @Test
  void read_honestManifestOfABrokenProfile_isRefused() throws IOException {
    files.put(Profile.FILE, Arrays.copyOf(PROFILE.toBytes(), PROFILE.toBytes().length - 4));
    manifest = manifest(promises());
    write();
    assertRefused(Profile.FILE + ": ");
  }

  @Test
  void read_fileCutOrGrown_isRefused() throws IOException {
    byte[] weights = Files.readAllBytes(folder.resolve(PeftFolder.WEIGHTS));
    for (int length : new int[] {0, 1, weights.length - 1, weights.length + 1}) {
      Files.write(folder.resolve(PeftFolder.WEIGHTS), Arrays.copyOf(weights, length));
      assertRefused(PeftFolder.WEIGHTS + " is " + length + " bytes of SHA-256 ");
    }
  }

  @Test
  void read_anyFileCutAtAnyLength_isRefused() throws IOException {
    files.put(Manifest.FILE, manifest.toBytes());
    for (String name : List.copyOf(files.keySet())) {
      byte[] whole = files.get(name);
      for (int length = 0; length < whole.length; length++) {
        files.put(name, Arrays.copyOf(whole, length));
        assertThrows(InvalidReleaseException.class, this::readFromMemory, name + " of " + length);
      }
      files.put(name, whole);
    }
    readFromMemory();
  }

  @Test
  void read_storeThatAnswersOtherwiseTheSecondTime_isNotAskedTwice() throws IOException {
    files.put(Manifest.FILE, manifest.toBytes());
    Map<String, Integer> reads = new HashMap<>();
    ReleaseFiles fickle =
        (uri, max) ->
            reads.merge(uri, 1, Integer::sum) == 1 ? files.get(uri.substring(3)) : new byte[1];
    Release release = ReleaseReader.read(fickle, "m:", manifest.id(), "b0", SITES);
    assertArrayEquals(ADAPTER.pairs().get(1).a(), release.adapter().factors().get(2).values());
    reads.forEach((uri, count) -> assertEquals(1, count, uri));
  }

  @Test
  void read_honestManifestOfAnotherRank_isRefused() throws IOException {
    LoraWeights wide =
        LoraWeights.initial(new LoraConfig(3, 4, false, List.of("q_proj")), SITES, 5);
    files.put(PeftFolder.WEIGHTS, PeftFolder.toFiles(wide, "base").get(PeftFolder.WEIGHTS));
    manifest = manifest(promises());
    write();
    assertRefused("shape [3, 6], expected [2, 6]");
  }

  @Test
  void read_honestManifestOfIntegers_isRefused() throws IOException {
    String weights = new String(files.get(PeftFolder.WEIGHTS), StandardCharsets.ISO_8859_1);
    String integers = weights.replace("\"F32\"", "\"I32\"");
    assertNotEquals(weights, integers);
    files.put(PeftFolder.WEIGHTS, integers.getBytes(StandardCharsets.ISO_8859_1));
    manifest = manifest(promises());
    write();
    assertRefused("I32");
  }

  @Test
  void read_honestManifestOfARoutingThatIsNone_isRefused() throws IOException {
    for (Routing routing :
        List.of(
            new Routing("random", 4, 0.1, 0.05),
            new Routing(Routing.ENTROPY, 4, 0, 0.05),
            new Routing(Routing.ENTROPY, 4, 0.1, 0))) {
      manifest = manifest(promises(), routing);
      write();
      assertRefused("routing policy is " + routing.policy());
    }
    manifest = manifest(promises(), new Routing(Routing.ENTROPY, 4, 0.1, 0.05));
    write();
    assertEquals(manifest.routing(), read().manifest().routing());
  }

  @Test
  void read_honestManifestOfEnormousWeights_isRefused() throws IOException {
    float before = ADAPTER.pairs().get(0).b()[1];
    ADAPTER.pairs().get(0).b()[1] = 1e30f;
    try {
      files = PeftFolder.toFiles(ADAPTER, "base");
    } finally {
      ADAPTER.pairs().get(0).b()[1] = before;
    }
    manifest = manifest(promises());
    write();
    assertRefused("weight is 1.0E30, expected at most ±1024.0");
  }

  @Test
  void read_manifestOfAnotherRelease_isRefusedBeforeItIsParsed() throws IOException {
    Files.writeString(folder.resolve(Manifest.FILE), "{");
    assertRefused("digest is ");
  }

  @Test
  void read_missingFile_mayBeTriedAgain() throws IOException {
    Files.delete(folder.resolve(PeftFolder.WEIGHTS));
    assertThrows(NoSuchFileException.class, this::read);
  }

  @Test
  void read_otherBase_isRefused() {
    InvalidReleaseException e =
        assertThrows(
            InvalidReleaseException.class,
            () -> ReleaseReader.read(new LocalReleaseFiles(), uri(), manifest.id(), "b9", SITES));
    assertEquals("base is b0, expected b9", e.getMessage());
  }

  /** Its files would be read into memory, whatever their size. */
  @Test
  void read_base_isRefusedBeforeItsFilesAreRead() throws IOException {
    Map<String, ReleaseFile> promises = with(Map.of(), "config.json", 1);
    manifest = manifest(with(promises, "tokenizer.json", 1), Routing.topK(4), Kind.BASE);
    write();
    assertRefused("kind is BASE, expected ADAPTER");
  }

  @Test
  void read_idThatIsNoDigest_isRefused() {
    InvalidReleaseException e =
        assertThrows(
            InvalidReleaseException.class,
            () -> ReleaseReader.readManifest(new LocalReleaseFiles(), uri(), "../x"));
    assertEquals("id is ../x, expected 64 hexadecimal digits", e.getMessage());
  }

  @Test
  void read_otherSites_isRefused() {
    List<Site> wider = List.of(Site.linear("m.0.q_proj", 7, 4), SITES.get(1));
    InvalidReleaseException e =
        assertThrows(
            InvalidReleaseException.class,
            () -> ReleaseReader.read(new LocalReleaseFiles(), uri(), manifest.id(), "b0", wider));
    assertTrue(e.getMessage().contains("shape [2, 6], expected [2, 7]"), e::getMessage);
  }

  @Test
  void read_honestManifestOfBadFiles_isRefused() throws IOException {
    ADAPTER.pairs().get(0).b()[1] = Float.NaN;
    try {
      files = PeftFolder.toFiles(ADAPTER, "base");
    } finally {
      ADAPTER.pairs().get(0).b()[1] = 0;
    }
    manifest = manifest(promises());
    write();
    assertRefused("value NaN at 1");
  }

  @Test
  void read_manifestThatPromisesOddities_isRefused() throws IOException {
    Map<String, ReleaseFile> promises = promises();
    assertManifestRefused(with(promises, "../evil", 1), "file name is ../evil");
    assertManifestRefused(with(promises, "a/b", 1), "file name is a/b");
    assertManifestRefused(with(promises, ".hidden", 1), "file name is .hidden");
    assertManifestRefused(with(promises, Manifest.FILE, 1), "file name is manifest.json");
    assertManifestRefused(with(promises, "huge", 1L << 40), "huge: size is 1099511627776");
    Map<String, ReleaseFile> large = with(promises, "one", 1 << 28);
    assertManifestRefused(with(large, "other", 1 << 28), "expected at most 335544320");
    Map<String, ReleaseFile> many = promises;
    while (many.size() <= 16) {
      many = with(many, "file-" + many.size(), 1);
    }
    assertManifestRefused(many, "files are 17 of them, expected ");
    promises.remove(PeftFolder.CONFIG);
    assertManifestRefused(promises, "files are [adapter_model.safetensors, profile.safetensors]");
  }

  /** An id is of 512 bytes at most, of which each may be written as six. */
  @Test
  void requireReadable_asManySamplesAsAReleaseNames_isReadWhateverTheirIds() throws IOException {
    manifest = naming(ReleaseReader.MAX_SAMPLES);
    ReleaseReader.requireReadable(manifest);
    write();
    assertEquals(manifest, read().manifest());
  }

  @Test
  void requireReadable_whatNobodyWouldRead_isRefused() throws IOException {
    manifest = naming(ReleaseReader.MAX_SAMPLES + 1_000);
    assertUnreadable("manifest.json of 11000 samples has ");
    write();
    assertRefused("digest is ");
    manifest = manifest(with(promises(), "huge", 1L << 40));
    assertUnreadable("huge: size is 1099511627776");
  }

  private void assertUnreadable(String message) {
    InvalidReleaseException e =
        assertThrows(InvalidReleaseException.class, () -> ReleaseReader.requireReadable(manifest));
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }

  private Manifest naming(int samples) {
    String topic = "t".repeat(110);
    Origin origin = new Origin(topic, Integer.MAX_VALUE, Long.MAX_VALUE);
    LearnedSample longest =
        new LearnedSample("\u0001".repeat(512), origin, false, Integer.MAX_VALUE);
    return manifest(
        promises(), Routing.topK(4), Kind.ADAPTER, Collections.nCopies(samples, longest));
  }

  private void assertManifestRefused(Map<String, ReleaseFile> promises, String message)
      throws IOException {
    manifest = manifest(promises);
    write();
    assertRefused(message);
  }

  private void assertRefused(String message) {
    InvalidReleaseException e = assertThrows(InvalidReleaseException.class, this::read);
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }

  private static Map<String, ReleaseFile> with(
      Map<String, ReleaseFile> promises, String name, long size) {
    Map<String, ReleaseFile> more = new HashMap<>(promises);
    more.put(name, new ReleaseFile(size, "00"));
    return more;
  }

  private Release read() throws IOException {
    return ReleaseReader.read(new LocalReleaseFiles(), uri(), manifest.id(), "b0", SITES);
  }

  private String uri() {
    return folder.toUri().toString();
  }

  private void write() throws IOException {
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Files.write(folder.resolve(file.getKey()), file.getValue());
    }
    Files.write(folder.resolve(Manifest.FILE), manifest.toBytes());
  }

  private SortedMap<String, ReleaseFile> promises() {
    return ReleaseFile.of(files);
  }

  private static Manifest manifest(Map<String, ReleaseFile> files) {
    return manifest(files, Routing.topK(4));
  }

  private static Manifest manifest(Map<String, ReleaseFile> files, Routing routing) {
    return manifest(files, routing, Kind.ADAPTER);
  }

  private static Manifest manifest(Map<String, ReleaseFile> files, Routing routing, Kind kind) {
    LearnedSample learned = new LearnedSample("s", new Origin("t", 0, 5), false);
    return manifest(files, routing, kind, List.of(learned));
  }

  private static Manifest manifest(
      Map<String, ReleaseFile> files, Routing routing, Kind kind, List<LearnedSample> learned) {
    return new Manifest(
        "acme",
        "java",
        "b0",
        new TreeMap<>(files),
        "int8 a row",
        routing,
        null,
        0,
        learned,
        List.of(new Origin("t", 0, 5)),
        new TrainingPlan(1, new TreeMap<>(), 8, 1, "0.1.0", "avx2"),
        List.of(),
        null,
        kind);
  }
}
