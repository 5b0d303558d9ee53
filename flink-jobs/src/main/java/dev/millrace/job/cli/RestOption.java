package dev.millrace.job.cli;

import dev.millrace.job.embedded.ClusterState;
import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which Flink cluster a command speaks to. */
final class RestOption {

  @Option(
      names = "--rest",
      paramLabel = "URL",
      description = "Flink's REST address; without it, that of ./millrace cluster up.")
  private @Nullable URI rest;

  /** The cluster of this machine, if that is meant. */
  Optional<ClusterState> local() {
    return rest == null ? Home.here().cluster().status() : Optional.empty();
  }

  /**
   * Where Flink listens.
   *
   * @throws IllegalArgumentException if nobody said so and no cluster is up
   */
  URI url() {
    URI url = local().map(state -> URI.create(state.restUrl())).orElse(rest);
    if (url == null) {
      throw new IllegalArgumentException("no cluster is up, expected --rest URL");
    }
    return url;
  }
}
