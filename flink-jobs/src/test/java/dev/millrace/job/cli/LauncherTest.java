package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code ./millrace} where nothing was built, and nothing can be. */
class LauncherTest {

  @TempDir Path root;

  private Path lock;

  @BeforeEach
  void copyScript() throws IOException {
    Files.copy(Path.of(System.getProperty("millrace.root"), "millrace"), root.resolve("millrace"));
    lock = Files.createDirectories(root.resolve(".millrace")).resolve("building");
  }

  @Test
  void run_lockCannotBeMade_saysSo() throws Exception {
    Files.writeString(lock, "");
    String said = run("exec sh ./millrace --help");
    assertTrue(said.startsWith("millrace: cannot create " + lock.toRealPath() + ": "), said);
    assertEquals(1, said.strip().lines().count(), said);
  }

  /** In a container the one before had the same number. */
  @Test
  void run_lockIsOfAnEarlierProcessOfTheSameNumber_isTaken() throws Exception {
    Files.createDirectories(lock);
    String said = run("echo $$ > .millrace/building/pid; exec sh ./millrace --help");
    assertTrue(said.contains("the build failed"), said);
    assertTrue(Files.notExists(lock), "the lock is given back");
  }

  @Test
  void run_builds_saysAtOnceHowFarItIs() throws Exception {
    Files.writeString(
        root.resolve("mvnw"),
        """
        #!/bin/sh
        echo '[INFO] Building schemas 0.1.0-SNAPSHOT      [2/5]'
        for i in $(seq 300); do
          if grep -qxF '  schemas [2/5]' said; then
            for j in $(seq 100); do echo 'Downloaded from central: file'; done
            echo '[ERROR] cannot find symbol'
            exit 1
          fi
          sleep 0.1
        done
        exit 1
        """);
    assertTrue(root.resolve("mvnw").toFile().setExecutable(true));
    List<String> said = run("exec sh ./millrace --help").lines().toList();
    assertEquals(
        List.of("  schemas [2/5]", "  downloaded 100 files", "[ERROR] cannot find symbol"),
        said.subList(1, said.size() - 1),
        said::toString);
  }

  /** Java by itself writes to /tmp. */
  @Test
  void run_temporaryFolderIsNamed_isJavas() throws Exception {
    Files.createDirectories(root.resolve("flink-jobs/target"));
    Files.createFile(root.resolve("flink-jobs/target/flink-jobs.jar"));
    Files.createFile(root.resolve(".millrace/built"));
    Files.createDirectories(root.resolve("jdk/bin"));
    Path java = root.resolve("jdk/bin/java");
    Files.writeString(
        java,
        """
        #!/bin/sh
        case $1 in -Xshow*) echo 'java.specification.version = 17' ;; *) printf '%s\n' "$@"; exit 1 ;; esac
        """);
    assertTrue(java.toFile().setExecutable(true));
    String said = run("export JAVA_HOME=jdk TMPDIR='/a b'; exec sh ./millrace --help");
    assertTrue(said.lines().toList().contains("-Djava.io.tmpdir=/a b"), said);
  }

  private String run(String script) throws Exception {
    Path said = root.resolve("said");
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", script).directory(root.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      assertTrue(process.waitFor(1, TimeUnit.MINUTES), "it goes on");
      assertEquals(1, process.exitValue());
      return Files.readString(said);
    } finally {
      process.destroyForcibly();
    }
  }
}
