package dev.millrace.job.config;

import java.io.Serial;
import java.util.List;

/** A configuration that cannot be used, with every reason why. */
public final class InvalidConfigException extends IllegalArgumentException {

  @Serial private static final long serialVersionUID = 1;

  private final List<String> problems;

  InvalidConfigException(List<String> problems) {
    super("invalid configuration: " + String.join("; ", problems));
    this.problems = List.copyOf(problems);
  }

  public List<String> problems() {
    return problems;
  }
}
