package dev.millrace.job.cli.options;

import dev.millrace.job.embedded.LocalCluster;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which store a command works on. */
public final class StoreOption {

  @Option(
      names = "--store",
      paramLabel = "DIR",
      description = "The store (default: that of ./millrace cluster up, else the last one used).")
  private @Nullable Path store;

  /** The store of the releases that a broker's topic names. */
  public Path folder(BrokerOption broker) throws IOException {
    requireUnset(broker);
    return store == null && broker.named().isPresent() ? Home.here().store() : folder();
  }

  /** Refuses settings of the jobs that name a store, too. */
  public static void requireUnset(BrokerOption broker) {
    broker.requireUnset("store.uri", "--store DIR");
  }

  /** The store that is named, else that of the cluster if there is one, else the last one used. */
  public Path folder() throws IOException {
    if (store != null) {
      return store;
    }
    LocalCluster cluster = Home.here().cluster();
    return cluster.status().isPresent() ? cluster.home().resolve("store") : Home.here().store();
  }
}
