package dev.millrace.model.peft;

import dev.millrace.model.adapter.InvalidAdapterException;

/** How many characters the patterns of one folder may look at, on all names together. */
final class Steps {

  /** Of patterns that are not a stranger's. */
  static final Steps UNBOUNDED = new Steps(Long.MAX_VALUE);

  private static final int MAX = 1 << 29;

  /** What compiling a character costs, beside looking at one of a name. */
  private static final int TO_COMPILE = 256;

  private long left;

  private Steps(long left) {
    this.left = left;
  }

  static Steps ofOneFolder() {
    return new Steps(MAX);
  }

  /** For one name, and what it costs to begin with it. */
  void take(int steps) {
    left -= 1 + steps;
    if (left < 0) {
      throw new InvalidAdapterException(
          "%s: its patterns take more than %d steps on the names of the base, expected fewer patterns, or names alone, as model\\.layers\\.0\\.self_attn\\.q_proj"
              .formatted(PeftConfig.FILE, MAX));
    }
  }

  void takeToCompile(String regex) {
    take(TO_COMPILE * regex.length());
  }
}
