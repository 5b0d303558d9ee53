package dev.millrace.job.cli;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs commands that know of no cluster and no store of a person's: what they remember is under a
 * folder of the test's own.
 */
public abstract class MovesHome extends RunsCommands {

  private static final String ROOT = "millrace.root";

  @TempDir protected Path root;

  /** The checkout. */
  protected final String repository = System.getProperty(ROOT);

  @BeforeEach
  void moveHome() {
    System.setProperty(ROOT, root.toString());
  }

  @AfterEach
  void moveBack() {
    System.setProperty(ROOT, repository);
  }
}
