package dev.millrace.job.embedded;

import java.time.Instant;
import java.util.Optional;

/**
 * A process of the local cluster.
 *
 * @param started tells it from a later process with the same id
 */
public record ClusterProcess(String name, long pid, Instant started) {

  static ClusterProcess of(String name, ProcessHandle handle) {
    return new ClusterProcess(name, handle.pid(), startOf(handle));
  }

  /** Whether it still runs. */
  public boolean isAlive() {
    return handle().isPresent();
  }

  /** The process itself, never one that merely has its number now. */
  Optional<ProcessHandle> handle() {
    return ProcessHandle.of(pid)
        .filter(ProcessHandle::isAlive)
        .filter(handle -> startOf(handle).equals(started));
  }

  private static Instant startOf(ProcessHandle handle) {
    return handle.info().startInstant().orElse(Instant.EPOCH);
  }
}
