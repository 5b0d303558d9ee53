package dev.millrace.job.bench.experts;

import java.io.Serializable;

/**
 * Where a layer's experts lie: consecutive ones together.
 *
 * @param groups that lie apart, one a task manager
 * @param parts of a group, each a task of its own
 * @param experts of the layer
 */
public record Placement(int groups, int parts, int experts) implements Serializable {

  public Placement {
    if (groups < 1 || parts < 1 || experts < 1 || experts % (groups * parts) != 0) {
      throw new IllegalArgumentException(
          "%d experts in %d groups of %d parts, expected as many in each"
              .formatted(experts, groups, parts));
    }
  }

  /** How many experts a part has. */
  int size() {
    return experts / (groups * parts);
  }

  int group(int expert) {
    return expert / (size() * parts);
  }

  /** The first expert of a part. */
  int first(int group, int part) {
    return (group * parts + part) * size();
  }
}
