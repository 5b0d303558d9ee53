package dev.millrace.job.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** Runs command lines in this process, and keeps what they print. */
abstract class RunsCommands {

  final StringWriter out = new StringWriter();
  final StringWriter err = new StringWriter();

  int run(String... words) {
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), words);
  }
}
