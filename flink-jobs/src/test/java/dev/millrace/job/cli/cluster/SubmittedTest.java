package dev.millrace.job.cli.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubmittedTest {

  private static final String JOB = "3f9a0b" + "0".repeat(26);
  private static final String OTHER = "3f9a0b" + "1".repeat(26);

  @TempDir Path folder;

  @Test
  void again_savepointOrCheckpoints_hasTheSettingsOfTheJobThatLeftThem() throws IOException {
    Submitted submitted = new Submitted(folder.resolve("submitted"));
    String savepoint = "file:/savepoints/savepoint-3f9a0b-90af854e08cb";
    assertEquals("", settings(submitted, savepoint));
    submitted.note(JOB, List.of("batch.count=32"));
    assertEquals(" --set batch.count=32", settings(submitted, savepoint));
    submitted.note(OTHER, List.of());
    assertEquals("", settings(submitted, savepoint), "of one or the other");
    assertEquals(" --set batch.count=32", settings(submitted, "/checkpoints/" + JOB));
    assertEquals("", settings(submitted, "/checkpoints/" + OTHER));
  }

  private static String settings(Submitted submitted, String from) throws IOException {
    String command = submitted.again(SubmitCommand.Job.learn, from, List.of());
    return command.substring(("./millrace submit learn --savepoint " + from).length());
  }
}
