package dev.millrace.job.embedded;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** What lies between two task managers: all that they send each other goes over it. */
public interface Link extends AutoCloseable {

  /**
   * One through network namespaces, where this process may make them; else one through a proxy.
   *
   * @param told which of them, and why
   */
  static Link open(Consumer<String> told) throws IOException {
    try {
      return NamespaceLink.open();
    } catch (IOException e) {
      told.accept("no network namespaces here (" + e.getMessage() + "): a proxy is the link");
      return ProxyLink.open();
    }
  }

  /** What it is, in a few words. */
  String kind();

  /** The address at which both task managers reach the job manager. */
  String jobManager();

  /** The words in front of the command of a task manager, 0 or 1. */
  List<String> prefix(int taskManager);

  /** Flink's options of a task manager, 0 or 1. */
  Map<String, String> options(int taskManager);

  /** How many bytes a second each direction carries from now on; infinite for no limit. */
  void speed(double bytesPerSecond) throws IOException;

  /** Bytes that have crossed it so far, both directions together. */
  long bytes() throws IOException;

  @Override
  void close();
}
