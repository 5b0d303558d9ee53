package dev.millrace.job.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** Runs command lines in this process, and keeps what they print. */
public abstract class RunsCommands {

  protected final StringWriter out = new StringWriter();
  protected final StringWriter err = new StringWriter();

  protected int run(String... words) {
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), words);
  }
}
