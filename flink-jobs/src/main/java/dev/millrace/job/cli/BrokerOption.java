package dev.millrace.job.cli;

import dev.millrace.job.embedded.ClusterState;
import java.io.PrintWriter;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which broker a command speaks to: the one it is given, else that of a cluster which is up. */
final class BrokerOption {

  @Option(
      names = "--bootstrap",
      paramLabel = "HOST:PORT",
      description = "The broker; without it, that of ./millrace cluster up, if it is up.")
  private @Nullable String bootstrap;

  /** The broker that the command line names. */
  Optional<String> named() {
    return Optional.ofNullable(bootstrap);
  }

  /** The broker to speak to, if there is one; says so where nobody named it. */
  Optional<String> find(PrintWriter err) {
    return named().or(() -> running(err));
  }

  /** The broker to speak to. */
  String require(PrintWriter err) {
    return find(err)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no cluster is up on this machine, expected --bootstrap HOST:PORT"));
  }

  private static Optional<String> running(PrintWriter err) {
    Optional<String> running =
        Home.here().cluster().status().filter(ClusterState::isUp).map(ClusterState::bootstrap);
    running.ifPresent(broker -> err.println("using the cluster that is up, broker " + broker));
    return running;
  }
}
