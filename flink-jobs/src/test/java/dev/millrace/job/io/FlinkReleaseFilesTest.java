package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.release.ReleaseStep;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlinkReleaseFilesTest {

  @TempDir Path folder;

  @Test
  void read_longerFile_stopsAtTheBound() throws IOException {
    Path file = Files.write(folder.resolve("f"), new byte[] {1, 2, 3});
    FlinkReleaseFiles files = new FlinkReleaseFiles();
    assertArrayEquals(new byte[] {1, 2}, files.read(file.toUri().toString(), 2));
    assertArrayEquals(new byte[] {1, 2, 3}, files.read(file.toUri().toString(), 9));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 4})
  void read_whateverAStreamSaysIsLeft_isTheFile(int available) throws IOException {
    byte[] file = {1, 2, 3};
    InputStream in =
        new ByteArrayInputStream(file) {
          @Override
          public synchronized int available() {
            return available;
          }
        };
    assertArrayEquals(file, FlinkReleaseFiles.read(in, 9));
  }

  @Test
  void read_whileFlightRecorderRuns_isAStepOfARelease() throws IOException {
    String uri = Files.write(folder.resolve("f"), new byte[] {1}).toUri().toString();
    Path recorded = folder.resolve("recorded.jfr");
    try (Recording recording = new Recording()) {
      recording.enable(ReleaseStep.NAME);
      recording.start();
      byte[] unused = new FlinkReleaseFiles().read(uri, 1);
      recording.dump(recorded);
    }
    RecordedEvent step = RecordingFile.readAllEvents(recorded).get(0);
    assertEquals(ReleaseStep.Kind.READ.name(), step.getString("kind"));
    assertEquals(uri, step.getString("of"));
  }

  @Test
  void read_noFile_throws() {
    String uri = folder.resolve("none").toUri().toString();
    assertThrows(IOException.class, () -> new FlinkReleaseFiles().read(uri, 1));
  }

  @Test
  void read_storeIsThereAndTheReleaseIsNot_saysThatItIsNotThere() throws IOException {
    Path store = Files.createDirectories(folder.resolve("store"));
    FlinkReleaseFiles files = new FlinkReleaseFiles(store.toString());
    for (String name : List.of("store/release/file", "elsewhere/release/file", "store")) {
      String uri = folder.resolve(name).toUri().toString();
      assertThrows(FileNotFoundException.class, () -> files.read(uri, 1), name);
    }
    Path file = Files.write(folder.resolve("store/file"), new byte[1]);
    String inAFile = file.resolve("release/file").toUri().toString();
    assertThrows(FileNotFoundException.class, () -> files.read(inAFile, 1));
  }

  /** A pipe that nobody writes to: not even an interrupt ends what opens it. */
  @Test
  void read_storeHangs_saysSoInTimeAndTakesNoMoreThreadsOfTheProcessThanAFew() throws Exception {
    Path pipe = Files.createDirectories(folder.resolve("store/release")).resolve("pipe");
    Path other = Files.createDirectories(folder.resolve("other/release")).resolve("file");
    Files.write(other, new byte[1]);
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    String uri = pipe.toUri().toString();
    List<String> said = new ArrayList<>();
    try {
      assertTimeoutPreemptively(
          Duration.ofMinutes(1),
          () -> {
            for (int i = 0; i < 18; i++) {
              FlinkReleaseFiles files = new FlinkReleaseFiles(Duration.ofMillis(20));
              IOException e = assertThrows(IOException.class, () -> files.read(uri, 1));
              assertFalse(e instanceof FileNotFoundException, e::toString);
              said.add(e.getMessage());
            }
          });
      assertEquals(1, new FlinkReleaseFiles().read(other.toUri().toString(), 1).length);
    } finally {
      Files.newOutputStream(pipe).close();
    }
    assertEquals(
        List.of(
            uri + " cannot be read now: no byte came in 20 ms",
            uri + " cannot be read now: 16 reads before it hang"),
        said.stream().distinct().toList());
    assertEquals(16, said.lastIndexOf(said.get(0)) + 1);
  }

  @Test
  void read_storeIsSlow_isWaitedFor() throws IOException {
    Duration patience = Duration.ofMillis(500);
    long end = System.nanoTime() + 3 * patience.toNanos();
    byte[] file = {1};
    BoundedReads.Reading slow =
        bytes -> {
          while (System.nanoTime() - end < 0) {
            bytes.incrementAndGet();
          }
          return file;
        };
    assertSame(file, new BoundedReads(patience).read("slow", slow));
  }

  /** Else one that takes long would pass for one that gives no byte. */
  @Test
  void counted_fileThatCouldComeAtOnce_comesPieceByPiece() throws IOException {
    AtomicLong bytes = new AtomicLong();
    byte[] file = new byte[1 << 20];
    InputStream in = BoundedReads.counted(new ByteArrayInputStream(file), bytes);
    int first = in.read(file, 0, file.length);
    assertTrue(first > 0 && first < file.length, "" + first);
    assertEquals(first, bytes.get());
  }

  @Test
  void read_storeIsAway_saysThatItCannotBeReadNow() throws IOException {
    Path store = folder.resolve("store");
    String uri = store.resolve("release/file").toUri().toString();
    FlinkReleaseFiles files = new FlinkReleaseFiles(store.toUri().toString());
    IOException e = assertThrows(IOException.class, () -> files.read(uri, 1));
    assertFalse(e instanceof FileNotFoundException, e::toString);
    assertTrue(e.getMessage().startsWith("store " + store + " is away"), e::toString);
    Files.createDirectories(store.resolve("release"));
    Files.write(store.resolve("release/file"), new byte[1]);
    assertEquals(1, files.read(uri, 1).length);
  }

  /** As where too many files are open, or a disk fails: Java says of all that it is not found. */
  @Test
  void failure_fileThatIsThere_cannotBeReadNow() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[1]);
    FileNotFoundException found = new FileNotFoundException("file (Too many open files)");
    FlinkReleaseFiles files = new FlinkReleaseFiles();
    assertFalse(files.failure(found, file) instanceof FileNotFoundException);
    assertSame(found, files.failure(found, folder.resolve("none")));
  }

  /** Whoever tries again, as one does whose file system is away, tries for ever. */
  @ParameterizedTest
  @ValueSource(strings = {"s4://bucket/release", "hdfs://there/release", "file://there/release"})
  void read_whatNoFileSystemHereReads_isNowhere(String uri) {
    Exception e =
        assertThrows(FileNotFoundException.class, () -> new FlinkReleaseFiles().read(uri, 1));
    assertTrue(e.getMessage().startsWith(uri), e::getMessage);
  }
}
