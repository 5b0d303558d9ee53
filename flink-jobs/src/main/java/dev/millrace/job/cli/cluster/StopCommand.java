package dev.millrace.job.cli.cluster;

import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.RestOption;
import dev.millrace.job.embedded.FlinkJob;
import dev.millrace.job.embedded.FlinkRest;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Stops a job with a savepoint, from which it can go on. */
@Command(
    name = "stop",
    description = {
      "Stops a job of a Flink cluster with a savepoint, and says how to go on from there. What was",
      "asked or told meanwhile waits on its topic."
    },
    footer = {"", "Examples:", "  ./millrace stop serve", "  ./millrace stop learn --job 3f9a"})
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class StopCommand implements Callable<Integer> {

  @Mixin private Output output;
  @Mixin private RestOption rest;

  @Parameters(paramLabel = "learn|serve|compress", description = "Which job.")
  private SubmitCommand.Job job;

  @Option(
      names = "--job",
      paramLabel = "ID",
      description = "Its id in Flink or how that begins, where there are several.")
  private String id = "";

  @Override
  public Integer call() throws IOException {
    FlinkRest flink = rest.open(output.err()::println);
    FlinkJob found = find(flink.jobs());
    output.say("stopping %s, job %s", found.name(), found.id());
    String savepoint = flink.stop(found.id());
    output.result(
        Map.of("job", found.id(), "name", found.name(), "savepoint", savepoint),
        "job %s has stopped; it goes on with%n  %s"
            .formatted(found.id(), Submitted.here().again(job, savepoint, rest.words())));
    return 0;
  }

  private FlinkJob find(List<FlinkJob> jobs) {
    List<FlinkJob> found =
        jobs.stream()
            .filter(known -> known.state().equals("RUNNING"))
            .filter(known -> known.name().endsWith("-" + job))
            .filter(known -> known.id().startsWith(id))
            .toList();
    if (found.size() != 1) {
      throw new IllegalArgumentException(
          "%d running %s jobs%s, expected one; the cluster has %s"
              .formatted(
                  found.size(),
                  job,
                  id.isEmpty() ? "" : " whose id begins with " + id,
                  jobs.stream().filter(known -> !known.hasEnded()).toList()));
    }
    return found.get(0);
  }
}
