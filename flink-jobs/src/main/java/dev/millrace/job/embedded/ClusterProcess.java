package dev.millrace.job.embedded;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A process of the local cluster.
 *
 * @param started tells it from a later process with the same id: the ticks of {@code /proc} where
 *     there is one, else a time of day, which moves when somebody sets the clock
 * @param address where it listens
 * @param command what started it, and starts it again
 */
public record ClusterProcess(
    String name, long pid, String started, String address, List<String> command) {

  private static final Duration STOP = Duration.ofSeconds(20);

  /** Of {@code state} in {@code /proc/PID/stat}, behind the name in parentheses. */
  private static final int STATE = 0;

  /** The same of {@code flags}. */
  private static final int FLAGS = 9 - 3;

  /** Of these, while a thread gives back what it had. */
  private static final long EXITING = 4;

  /** The same of {@code starttime}. */
  private static final int START_TICKS = 22 - 3;

  /** A process whose clock is turned has it. */
  private static final String PRELOAD = "LD_PRELOAD";

  /** As Java reads and writes it. */
  private static final Charset ENVIRONMENT =
      Charset.forName(System.getProperty("sun.jnu.encoding"));

  /** What nobody has asked about since it ended, or its first thread ended before the others. */
  private static final Set<String> DEFUNCT = Set.of("Z", "X");

  /** By a signal, or by a debugger. */
  private static final Set<String> STOPPED = Set.of("T", "t");

  public ClusterProcess {
    command = List.copyOf(command);
  }

  /** Starts a process that a closing terminal does not end; what it says goes to a file. */
  static ClusterProcess start(
      String name, String address, List<String> command, Path folder, Path said) {
    return new ClusterProcess(name, 0, "", address, command).start(System.getenv(), folder, said);
  }

  /**
   * Starts one of this name and command.
   *
   * @param environment joins that of this process
   */
  ClusterProcess start(Map<String, String> environment, Path folder, Path said) {
    List<String> words = new ArrayList<>(List.of("nohup"));
    words.addAll(command);
    ProcessBuilder builder =
        new ProcessBuilder(words)
            .directory(folder.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(said.toFile()));
    join(builder.environment(), environment);
    try {
      Process process = builder.start();
      return new ClusterProcess(name, process.pid(), startOf(process.toHandle()), address, command);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + name, e);
    }
  }

  /** Millrace's variables are then those of the other alone, of which it has what else it lacks. */
  static void join(Map<String, String> own, Map<String, String> other) {
    own.keySet().removeIf(ClusterProcess::isOurs);
    other.forEach(
        (variable, value) -> {
          if (isOurs(variable)) {
            own.put(variable, value);
          } else if (!variable.equals(PRELOAD)) {
            own.putIfAbsent(variable, value);
          }
        });
  }

  /** Millrace's variables of one environment that another has not, or has another value of. */
  static List<String> differing(Map<String, String> one, Map<String, String> other) {
    return one.keySet().stream()
        .filter(ClusterProcess::isOurs)
        .filter(variable -> !Objects.equals(one.get(variable), other.get(variable)))
        .sorted()
        .toList();
  }

  private static boolean isOurs(String variable) {
    return variable.startsWith("MILLRACE_");
  }

  /** The environment that it was started with; empty if nobody can tell. */
  Optional<Map<String, String>> environment() {
    if (name.equals("redis")) {
      return Optional.empty(); // it has written its title over it
    }
    Map<String, String> found = new HashMap<>();
    try {
      byte[] environment = Files.readAllBytes(Path.of("/proc", String.valueOf(pid), "environ"));
      for (String variable : new String(environment, ENVIRONMENT).split("\0", -1)) {
        int equals = variable.indexOf('=');
        if (equals > 0) {
          found.put(variable.substring(0, equals), variable.substring(equals + 1));
        }
      }
    } catch (IOException e) {
      return Optional.empty(); // no /proc here, or it has just ended
    }
    return found.isEmpty() ? Optional.empty() : Optional.of(found);
  }

  /** Those that run for a cluster in a folder, whether that is still there or not. */
  static List<ClusterProcess> of(Path home) {
    return ProcessHandle.allProcesses()
        .filter(handle -> isOf(handle.info(), home))
        .map(handle -> new ClusterProcess("", handle.pid(), startOf(handle), "", List.of()))
        .toList();
  }

  private static boolean isOf(ProcessHandle.Info info, Path home) {
    String log = "-Dlog.file=" + home.resolve("log") + File.separator;
    String redis = home.resolve("redis-data") + File.separator;
    return info.command().filter(command -> command.startsWith(redis)).isPresent()
        || Stream.of(info.arguments().orElse(new String[0])).anyMatch(word -> word.startsWith(log));
  }

  /** Whether it still runs, or has not given back all that it had. */
  public boolean isAlive() {
    return handle().isPresent() && !isGone();
  }

  /** Whether nothing is left of it but its number, which whoever started it has not asked about. */
  private boolean isGone() {
    try (Stream<Path> threads = Files.list(Path.of("/proc", String.valueOf(pid), "task"))) {
      return DEFUNCT.contains(stat(pid)[STATE]) && threads.count() <= 1;
    } catch (IOException | UncheckedIOException e) {
      return false; // no /proc here, or it has just ended
    }
  }

  /** Whether it ends just now, as after {@code kill -9}, which may take a large one seconds. */
  boolean isEnding() {
    try {
      return isAlive() && isEnding(stat(pid));
    } catch (IOException e) {
      return false; // no /proc here, or it has just ended
    }
  }

  static boolean isEnding(String[] stat) {
    return DEFUNCT.contains(stat[STATE]) || (Long.parseLong(stat[FLAGS]) & EXITING) != 0;
  }

  /** Whether somebody has stopped it with a signal: its connections stay, nothing answers. */
  public boolean isStopped() {
    try {
      return isAlive() && STOPPED.contains(stat(pid)[STATE]);
    } catch (IOException e) {
      return false; // no /proc here, or it has just ended
    }
  }

  /** Ends it as {@code kill -9} does; a process that has ended is left alone. */
  void kill() {
    handle().ifPresent(ProcessHandle::destroyForcibly);
    Poll.until(STOP, () -> !isAlive());
  }

  /** Asks it to end, and ends it if it does not. */
  void stop() {
    handle().ifPresent(ProcessHandle::destroy);
    if (!Poll.until(STOP, () -> !isAlive())) {
      kill();
    }
  }

  /** Sends a signal, such as {@code STOP}; a process that has ended is left alone. */
  void signal(String signal) {
    if (!isAlive()) {
      return;
    }
    try {
      new ProcessBuilder("kill", "-" + signal, String.valueOf(pid)).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot send " + signal + " to " + name, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The process itself, never one that merely has its number now. */
  private Optional<ProcessHandle> handle() {
    return ProcessHandle.of(pid)
        .filter(ProcessHandle::isAlive)
        .filter(handle -> started.equals(startOf(handle)) || started.equals(timeOf(handle)));
  }

  private static String startOf(ProcessHandle handle) {
    try {
      return stat(handle.pid())[START_TICKS];
    } catch (IOException e) {
      return timeOf(handle); // no /proc here, or it has just ended
    }
  }

  private static String[] stat(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"));
    return fields(stat);
  }

  /** What stands behind the name in parentheses. */
  static String[] fields(String stat) {
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
  }

  private static String timeOf(ProcessHandle handle) {
    return handle.info().startInstant().orElse(Instant.EPOCH).toString();
  }
}
