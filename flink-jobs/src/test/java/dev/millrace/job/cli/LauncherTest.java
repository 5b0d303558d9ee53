package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code ./millrace} where nothing was built, and nothing can be. */
class LauncherTest {

  @TempDir Path root;

  private Path lock;
  private Path java = Path.of(System.getProperty("java.home"));

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
    build();
    List<String> said =
        run("export TMPDIR=\"$PWD/a b\"; mkdir \"$TMPDIR\"; exec sh ./millrace").lines().toList();
    assertTrue(
        said.contains("-Djava.io.tmpdir=" + root.toRealPath().resolve("a b")), said::toString);
    assertTrue(
        said.contains("-Dmillrace.log=" + root.toRealPath().resolve(".millrace/logs/millrace.log")),
        said::toString);
  }

  /** Java's logging printed five stack traces. */
  @Test
  void run_logCannotBeWritten_isInATemporaryFile() throws Exception {
    build();
    Files.createFile(root.resolve(".millrace/logs"));
    List<String> said = run("export TMPDIR=\"$PWD\"; exec sh ./millrace").lines().toList();
    Matcher line =
        Pattern.compile("millrace: .*/logs cannot be written; log: (.*millrace-log\\..*)")
            .matcher(said.get(0));
    assertTrue(line.matches(), said::toString);
    assertTrue(said.contains("-Dmillrace.log=" + line.group(1)), said::toString);
  }

  /** What was typed reached the model with a replacement character for each byte. */
  @Test
  void run_localeOfC_isUtf8AndAnotherStays() throws Exception {
    build();
    String none = "unset LC_ALL LC_CTYPE LANG; ";
    assumeTrue(run(none + "locale -a; exit 1").toLowerCase(Locale.ROOT).contains("c.utf"));
    for (String locale : List.of("", "export LANG=C; ", "export LC_ALL=POSIX; ")) {
      String said = run(none + locale + "exec sh ./millrace ask");
      assertTrue(said.contains("\nLC_ALL=C.UTF-8\n"), said);
    }
    for (String locale : List.of("LANG=de_DE.ISO-8859-1", "LC_CTYPE=C.UTF-8")) {
      String said = run(none + "export " + locale + "; exec sh ./millrace ask");
      assertTrue(said.contains("\nLC_ALL=\n"), said);
    }
  }

  /** As in Emacs' shell: a table was drawn over itself by codes that it shows. */
  @Test
  void run_terminalThatKnowsNoCodes_isTakenForNone() throws Exception {
    build();
    assumeTrue(run("command -v script; exit 1").contains("/script"));
    for (String terminal : List.of("dumb", "xterm")) {
      String said =
          run("export TERM=%s; exec script -qec ./millrace /dev/null".formatted(terminal));
      String expected = "-Dmillrace.terminal=" + terminal.equals("xterm");
      assertTrue(said.contains(expected), said);
    }
  }

  /** Java took its number for a file of its own. */
  @Test
  void run_standardInputIsClosed_isEmpty() throws Exception {
    build();
    List<String> said = run("exec sh ./millrace produce - <&-").lines().toList();
    assertTrue(said.contains("/dev/null"), said::toString);
  }

  /** {@code console} is the gateway under another name. */
  @Test
  void run_commandThatGoesOn_hasTheSecondCompiler() throws Exception {
    build();
    for (String command : List.of("gateway", "console")) {
      assertFalse(run("exec sh ./millrace " + command).contains("TieredStopAtLevel"), command);
    }
    assertTrue(run("exec sh ./millrace ask").contains("-XX:TieredStopAtLevel=1"));
  }

  /** A build whose Java prints what it is given, and what its standard input is. */
  private void build() throws IOException {
    Files.createDirectories(root.resolve("module/src/main"));
    Files.createFile(root.resolve("module/pom.xml"));
    Files.createFile(root.resolve("pom.xml"));
    Files.createDirectories(root.resolve("flink-jobs/target"));
    Files.createFile(root.resolve("flink-jobs/target/flink-jobs.jar"));
    Files.createFile(root.resolve(".millrace/built"));
    java = root.resolve("jdk");
    Path program = Files.createDirectories(java.resolve("bin")).resolve("java");
    Files.writeString(
        program,
        """
        #!/bin/sh
        case $1 in
          -Xshow*) echo 'java.specification.version = 17' ;;
          *) printf '%s\n' "$@" "LC_ALL=$LC_ALL"; readlink /proc/self/fd/0; exit 1 ;;
        esac
        """);
    assertTrue(program.toFile().setExecutable(true));
  }

  private String run(String script) throws Exception {
    Path said = root.resolve("said");
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", script).directory(root.toFile());
    builder.environment().put("JAVA_HOME", java.toString());
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
