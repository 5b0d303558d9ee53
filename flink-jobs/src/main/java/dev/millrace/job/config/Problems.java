package dev.millrace.job.config;

import java.util.ArrayList;
import java.util.List;

/** Gathers what is wrong, so that it can be said all at once. */
final class Problems {

  private final List<String> found = new ArrayList<>();

  void add(String problem) {
    found.add(problem);
  }

  void throwIfAny() {
    if (!found.isEmpty()) {
      throw new InvalidConfigException(found);
    }
  }
}
