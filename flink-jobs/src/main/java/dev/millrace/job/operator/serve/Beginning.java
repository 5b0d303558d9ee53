package dev.millrace.job.operator.serve;

import dev.millrace.schema.ReleaseEvent;
import java.io.Serializable;
import java.util.List;

/** What a serve job that has no state begins with. */
@FunctionalInterface
public interface Beginning extends Serializable {

  /**
   * The release events that there are, in the order of their topic.
   *
   * @throws Exception if they cannot be read
   */
  List<ReleaseEvent> read() throws Exception;
}
