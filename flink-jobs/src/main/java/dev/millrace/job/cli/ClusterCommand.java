package dev.millrace.job.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "cluster", description = "")
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ClusterCommand implements Callable<Integer> {
  @Mixin private Output output;

  @Parameters(arity = "0..*")
  private List<String> unusedArguments = List.of();

  @Override
  public Integer call() {
    return output.notYet();
  }
}
