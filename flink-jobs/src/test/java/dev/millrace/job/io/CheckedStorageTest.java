package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.CheckpointStorage;
import org.apache.flink.runtime.state.CheckpointStorageAccess;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.storage.FileSystemCheckpointStorage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckedStorageTest {

  private static final byte[] STATE = {1, 2, 3, 4, 5};

  @TempDir Path folder;

  private JobID job = new JobID();
  private final List<String> said = new ArrayList<>();
  private CheckpointStorage storage;
  private CheckpointStorageAccess access;

  @BeforeEach
  void open() throws IOException {
    storage = new CheckedStorage.Factory().createFromConfig(flink(), getClass().getClassLoader());
    access = storage.createCheckpointStorage(job);
    access.initializeBaseLocationsForCheckpoint();
  }

  private Configuration flink() {
    Configuration flink = new Configuration();
    flink.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, folder.toUri().toString());
    flink.set(CheckpointingOptions.FS_SMALL_FILE_THRESHOLD, MemorySize.ZERO);
    return flink;
  }

  /** Writes a checkpoint of one state. */
  private Path complete(long number) throws IOException {
    return complete(number, List.of());
  }

  private Path complete(long number, List<OperatorState> operators) throws IOException {
    var location = access.initializeLocationForCheckpoint(number);
    write(location);
    try (var metadata = location.createMetadataOutputStream()) {
      Checkpoints.storeCheckpointMetadata(
          new CheckpointMetadata(number, operators, List.of()), metadata);
      metadata.closeAndFinalizeCheckpoint();
    }
    return jobsFolder().resolve("chk-" + number);
  }

  private static StreamStateHandle write(
      org.apache.flink.runtime.state.CheckpointStreamFactory location) throws IOException {
    try (var state = location.createCheckpointStateOutputStream(CheckpointedStateScope.EXCLUSIVE)) {
      state.write(STATE);
      assertEquals(STATE.length, state.getPos());
      return assertNotNullHandle(state.closeAndGetHandle());
    }
  }

  private static StreamStateHandle assertNotNullHandle(StreamStateHandle handle) {
    assertNotNull(handle);
    return handle;
  }

  private Path jobsFolder() {
    return folder.resolve(job.toHexString());
  }

  private String chosen() throws IOException {
    said.clear();
    return KeptCheckpoints.choose(jobsFolder().toUri().toString(), said::add);
  }

  @Test
  void write_thenRead_stateIsAsItWas() throws IOException {
    StreamStateHandle handle = write(access.initializeLocationForCheckpoint(1));
    try (InputStream in = handle.openInputStream()) {
      assertArrayEquals(STATE, in.readNBytes(STATE.length));
    }
  }

  /** Lengths on both sides of what is kept back, and a pointer that is taken between any two. */
  @Test
  void write_inPiecesOfAnyLength_stateIsAllOfThemInOrder() throws IOException {
    byte[] whole = new byte[40_000];
    new Random(7).nextBytes(whole);
    Random lengths = new Random(8);
    StreamStateHandle handle;
    try (var state =
        access
            .initializeLocationForCheckpoint(1)
            .createCheckpointStateOutputStream(CheckpointedStateScope.EXCLUSIVE)) {
      int at = 0;
      while (at < whole.length) {
        int length = Math.min(1 << lengths.nextInt(14), whole.length - at);
        if (length == 1) {
          state.write(whole[at]);
        } else {
          state.write(whole, at, length);
        }
        at += length;
        assertEquals(at, state.getPos());
      }
      handle = assertNotNullHandle(state.closeAndGetHandle());
    }
    assertEquals(whole.length + Trailer.BYTES, handle.getStateSize());
    try (InputStream in = handle.openInputStream()) {
      assertArrayEquals(whole, in.readNBytes(whole.length));
    }
  }

  @Test
  void write_nothing_leavesNoFile() throws IOException {
    var location = access.initializeLocationForCheckpoint(1);
    try (var state = location.createCheckpointStateOutputStream(CheckpointedStateScope.EXCLUSIVE)) {
      assertEquals(null, state.closeAndGetHandle());
    }
  }

  @Test
  void choose_allAreWhole_isTheNewestByNumber() throws IOException {
    complete(9);
    complete(10);
    assertTrue(chosen().endsWith("/chk-10"));
    assertEquals(List.of(), said);
  }

  @Test
  void choose_copyOfACheckpointBesideThem_isLeftAlone() throws IOException {
    complete(1);
    Files.move(complete(2), jobsFolder().resolve("chk-2.kept"));
    assertTrue(chosen().endsWith("/chk-1"));
  }

  @Test
  void choose_anyByteOfAnyFileOfTheNewestChanged_isTheOneBefore() throws IOException {
    complete(1);
    for (Path file : files(complete(2))) {
      byte[] whole = Files.readAllBytes(file);
      for (int at = 0; at < whole.length; at++) {
        byte[] changed = whole.clone();
        changed[at] ^= 4;
        Files.write(file, changed);
        assertFellBack(file);
      }
      Files.write(file, whole);
    }
    assertTrue(chosen().endsWith("/chk-2"));
  }

  @Test
  void choose_anyFileOfTheNewestCutAnywhere_isTheOneBefore() throws IOException {
    complete(1);
    for (Path file : files(complete(2))) {
      byte[] whole = Files.readAllBytes(file);
      for (int length = 0; length < whole.length; length++) {
        Files.write(file, Arrays.copyOf(whole, length));
        assertFellBack(file);
      }
      Files.write(file, whole);
    }
  }

  /** State that is small lies in it, and no file beside it tells that it had a checksum. */
  @Test
  void choose_loneMetadataOfTheNewestLostItsChecksum_isTheOneBefore() throws IOException {
    complete(1);
    List<Path> files = files(complete(2));
    Path metadata = files.get(0).resolveSibling("_metadata");
    for (Path file : files) {
      if (!file.equals(metadata)) {
        Files.delete(file);
      }
    }
    byte[] whole = Files.readAllBytes(metadata);
    Files.write(metadata, Arrays.copyOf(whole, whole.length - Trailer.BYTES));
    assertFellBack(metadata);
  }

  private void assertFellBack(Path file) throws IOException {
    assertTrue(chosen().endsWith("/chk-1"));
    assertEquals(1, said.size());
    String expected = "chk-2 is damaged: " + file.getFileName() + " ";
    assertTrue(said.get(0).startsWith(expected), said::toString);
  }

  private static List<Path> files(Path checkpoint) throws IOException {
    try (Stream<Path> files = Files.list(checkpoint)) {
      List<Path> all = files.toList();
      assertEquals(2, all.size(), all.toString());
      return all;
    }
  }

  @Test
  void choose_allDamagedOrNone_saysSo() throws IOException {
    for (Path file : files(complete(1))) {
      Files.write(file, new byte[1]);
    }
    String all = assertThrows(IOException.class, this::chosen).getMessage();
    assertTrue(all.startsWith("all 1 checkpoints"), all);
    assertTrue(all.contains("docs/operations.md"), all);
    String empty = Files.createDirectories(folder.resolve("empty")).toUri().toString();
    var e = assertThrows(IOException.class, () -> KeptCheckpoints.choose(empty, said::add));
    assertTrue(e.getMessage().startsWith("no checkpoint in "), e.getMessage());
  }

  @Test
  void last_severalJobsWereHere_isTheLastThatHasTheOperator() throws IOException {
    Path older = complete(9, List.of(operator("learn")));
    openAnother();
    Path newer = complete(7, List.of(operator("learn")));
    openAnother();
    complete(3, List.of(operator("serve")));
    assertTrue(older.resolve("_metadata").toFile().setLastModified(1_000));
    assertTrue(newer.resolve("_metadata").toFile().setLastModified(2_000));
    List<Path> folders = List.of(folder, folder.resolve("none"));
    assertEquals(newer.getParent(), KeptCheckpoints.last(folders, "learn").orElseThrow());
    assertTrue(KeptCheckpoints.last(folders, "compress").isEmpty());
    Files.write(newer.resolve("_metadata"), STATE);
    assertEquals(older.getParent(), KeptCheckpoints.last(folders, "learn").orElseThrow());
  }

  @Test
  void last_byteOfTheMetadataWasChanged_isTheOneBefore() throws IOException {
    Path older = complete(1, List.of(operator("learn")));
    openAnother();
    Path metadata = complete(2, List.of(operator("learn"))).resolve("_metadata");
    byte[] whole = Files.readAllBytes(metadata);
    for (int i = 0; i < Long.BYTES; i++) {
      byte[] changed = whole.clone();
      changed[i]++;
      Files.write(metadata, changed);
      assertEquals(
          older.getParent(), KeptCheckpoints.last(List.of(folder), "learn").orElseThrow(), "" + i);
    }
  }

  /** Twice a second a job that runs deletes what it has no use for. */
  @Test
  void last_whileOthersAreDeleted_isFound() throws Exception {
    Path whole = complete(1, List.of(operator("learn")));
    List<Path> passing =
        IntStream.range(2, 40).mapToObj(i -> whole.resolveSibling("chk-" + i)).toList();
    AtomicBoolean over = new AtomicBoolean();
    CompletableFuture<Void> runs = CompletableFuture.runAsync(() -> comeAndGo(passing, over));
    try {
      for (int i = 0; i < 2_000; i++) {
        assertEquals(
            whole.getParent(), KeptCheckpoints.last(List.of(folder), "learn").orElseThrow());
      }
    } finally {
      over.set(true);
      runs.get();
    }
  }

  private static void comeAndGo(List<Path> folders, AtomicBoolean over) {
    try {
      while (!over.get()) {
        for (Path passing : folders) {
          Files.write(Files.createDirectories(passing).resolve("_metadata"), STATE);
        }
        for (Path passing : folders) {
          FileUtils.deleteDirectory(passing.toFile());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static OperatorState operator(String uid) {
    return new OperatorState(uid, uid, new OperatorID(), 1, 128);
  }

  private void openAnother() throws IOException {
    job = new JobID();
    access = storage.createCheckpointStorage(job);
    access.initializeBaseLocationsForCheckpoint();
  }

  @Test
  void choose_namedCheckpointOrUnknownPlace_isLeftToTheCluster() throws IOException {
    Path checkpoint = complete(1);
    for (Path path : List.of(checkpoint, checkpoint.resolve("_metadata"))) {
      String named = path.toUri().toString();
      assertEquals(named, KeptCheckpoints.choose(named, said::add));
      assertNotNull(storage.resolveCheckpoint(named));
    }
    assertEquals("s3://b/c", KeptCheckpoints.choose("s3://b/c", said::add));
    assertEquals("file:///none", KeptCheckpoints.choose("file:///none", said::add));
  }

  @Test
  void resolve_changedState_isRefusedByItsName() throws IOException {
    Path checkpoint = complete(1);
    assertNotNull(storage.resolveCheckpoint(checkpoint.toUri().toString()));
    Path state =
        files(checkpoint).stream().filter(f -> !f.endsWith("_metadata")).findFirst().orElseThrow();
    byte[] bytes = Files.readAllBytes(state);
    bytes[0]++;
    Files.write(state, bytes);
    var e =
        assertThrows(
            IOException.class, () -> storage.resolveCheckpoint(checkpoint.toUri().toString()));
    assertTrue(e.getMessage().contains("is damaged: " + state.getFileName()), e.getMessage());
  }

  /** A job without a folder of its own leaves such ones where the cluster says. */
  @Test
  void choose_newestHasNoChecksums_isTakenIfItsMetadataCanBeRead() throws IOException {
    access =
        FileSystemCheckpointStorage.createFromConfig(flink(), getClass().getClassLoader())
            .createCheckpointStorage(job);
    complete(1);
    Path metadata = complete(2).resolve("_metadata");
    assertTrue(chosen().endsWith("/chk-2"), said::toString);
    assertEquals(List.of(), said);
    assertNotNull(storage.resolveCheckpoint(chosen()));
    byte[] whole = Files.readAllBytes(metadata);
    Files.write(metadata, Arrays.copyOf(whole, whole.length / 2));
    assertTrue(chosen().endsWith("/chk-1"));
    assertTrue(
        said.get(0).startsWith("chk-2 is damaged: _metadata cannot be read"), said::toString);
  }
}
