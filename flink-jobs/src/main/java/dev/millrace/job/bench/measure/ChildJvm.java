package dev.millrace.job.bench.measure;

import dev.millrace.model.base.DaemonThreads;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A second Java process that answers lines with lines; what it prints otherwise is dropped, but for
 * the end of what it says on standard error, should it end without an answer.
 */
public final class ChildJvm implements AutoCloseable {

  /** Begins every line that is an answer. */
  public static final String ANSWER = "@ ";

  private static final DaemonThreads THREADS = new DaemonThreads("bench-child");

  /** Lines that are kept of what it says. */
  private static final int LINES = 20;

  private static final long PATIENCE_MILLIS = 5_000;

  private final Process process;
  private final BufferedReader out;
  private final PrintWriter in;
  private final Thread listener;
  private final Deque<String> said = new ArrayDeque<>();

  private ChildJvm(Process process) {
    this.process = process;
    this.out = process.inputReader(StandardCharsets.UTF_8);
    this.in = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
    this.listener = THREADS.newThread(this::listen);
  }

  /**
   * Starts a class's main method on this process's class path.
   *
   * @param more jars for the end of the class path
   * @param options of the Java virtual machine
   */
  public static ChildJvm start(
      Class<?> main, List<Path> more, List<String> options, List<String> args) throws IOException {
    StringBuilder classPath = new StringBuilder(System.getProperty("java.class.path", ""));
    more.forEach(jar -> classPath.append(File.pathSeparator).append(jar));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home", ""), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", classPath.toString(), main.getName()));
    command.addAll(args);
    ChildJvm child = new ChildJvm(new ProcessBuilder(command).start());
    child.listener.start();
    return child;
  }

  private void listen() {
    try (BufferedReader err = process.errorReader(StandardCharsets.UTF_8)) {
      for (String line = err.readLine(); line != null; line = err.readLine()) {
        synchronized (said) {
          said.add(line);
          if (said.size() > LINES) {
            said.remove();
          }
        }
      }
    } catch (IOException e) {
      // It ends: nothing more is said.
    }
  }

  /** The options that this process was started with. */
  public static List<String> ownOptions() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments();
  }

  /** Sends a line and waits for the answer. */
  public String ask(String line) throws IOException {
    in.println(line);
    return answer();
  }

  /** Waits for the next answer. */
  public String answer() throws IOException {
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith(ANSWER)) {
        return line.substring(ANSWER.length());
      }
    }
    throw ended();
  }

  private IOException ended() {
    try {
      listener.join(PATIENCE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    synchronized (said) {
      return new IOException(
          "process %d ended, expected an answer; it said: %s"
              .formatted(process.pid(), said.isEmpty() ? "nothing" : String.join("\n", said)));
    }
  }

  /** The numbers of an answer, with blanks between. */
  public static double[] figures(String answer) {
    return Arrays.stream(answer.split(" ", -1)).mapToDouble(Double::parseDouble).toArray();
  }

  @Override
  public void close() {
    in.close();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
