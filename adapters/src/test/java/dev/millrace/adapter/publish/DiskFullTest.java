package dev.millrace.adapter.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.release.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The operating system takes no more bytes in the middle of a file: a limit stands for the disk.
 */
@EnabledOnOs(OS.LINUX)
class DiskFullTest {
  private static final int KIB = 64;
  private static final Draft RELEASE = draft();

  @TempDir Path folder;

  @Test
  void publish_noRoomInTheMiddleOfAFile_isInvisibleLeavesNoPieceAndCanBeRepeated()
      throws Exception {
    String said = publishWithRoomFor(KIB / 2);
    assertTrue(said.contains(RELEASE.manifest().id() + " could not be published"), said);
    Path cut = folder.resolve(RELEASE.manifest().id()).resolve("adapter_model.safetensors");
    assertTrue(said.contains(cut + ": File too large"), said);
    StoreFiles files = StoreFiles.in(folder);
    assertFalse(files.exists(RELEASE.manifest().id() + "/" + Manifest.FILE));
    for (StoredFile file : files.list()) {
      assertFalse(file.path().endsWith(StoreFiles.PART), file::path);
      assertEquals("adapter_config.json", name(file));
    }
    ReleaseStore.of(files).publish(RELEASE);
    assertEquals(3, files.list().size());
  }

  /** Publishes in a process that cannot write files of more than so many KiB. */
  private String publishWithRoomFor(int kib) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                "bash",
                "-c",
                "ulimit -f " + kib + "; exec \"$@\"",
                "bash",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                DiskFullTest.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(1, process.waitFor(), said);
    return said;
  }

  /** Publishes into a folder. */
  public static void main(String[] arguments) {
    ReleaseStore.of(StoreFiles.in(Path.of(arguments[0]))).publish(RELEASE);
  }

  private static String name(StoredFile file) {
    return file.path().substring(file.path().indexOf('/') + 1);
  }

  private static Draft draft() {
    SortedMap<String, byte[]> files =
        new TreeMap<>(
            Map.of(
                "adapter_config.json", new byte[9],
                "adapter_model.safetensors", new byte[KIB << 10]));
    return new Draft(ReleaseStoreTest.manifest(files), files);
  }
}
