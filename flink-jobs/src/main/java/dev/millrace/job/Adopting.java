package dev.millrace.job;

import dev.millrace.schema.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Takes PEFT folders through the gate on behalf of people. */
public interface Adopting extends AutoCloseable {

  /**
   * Judges the adapter in a folder as a candidate of a domain; if it passes it is released.
   *
   * @throws dev.millrace.model.adapter.InvalidAdapterException if it does not fit the base
   * @throws dev.millrace.model.release.InvalidReleaseException if what answers is no release of the
   *     base
   * @throws UnsupportedOperationException if it cannot be done with this configuration
   * @throws IOException if the folder or what answers cannot be read
   */
  Verdict adopt(@Nullable String tenant, String domain, Path folder) throws IOException;

  @Override
  void close();

  /** Where there is no base or no store to do it with. */
  static Adopting unavailable(String why) {
    return new Adopting() {
      @Override
      public Verdict adopt(@Nullable String tenant, String domain, Path folder) {
        throw new UnsupportedOperationException(why);
      }

      @Override
      public void close() {}
    };
  }
}
