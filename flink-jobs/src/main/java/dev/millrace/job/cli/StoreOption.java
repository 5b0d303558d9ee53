package dev.millrace.job.cli;

import dev.millrace.job.embedded.ClusterState;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which store a command works on that speaks to a broker too. */
final class StoreOption {

  @Option(
      names = "--store",
      paramLabel = "DIR",
      description = "The store (default: that of ./millrace cluster up, else the last one used).")
  private @Nullable Path store;

  /** The store that is named, else that of the cluster if it is the broker, else the last one. */
  Path folder(BrokerOption broker) throws IOException {
    if (store != null) {
      return store;
    }
    Home home = Home.here();
    boolean running = home.cluster().status().filter(ClusterState::isUp).isPresent();
    return broker.named().isEmpty() && running
        ? home.cluster().home().resolve("store")
        : home.store();
  }
}
