package dev.millrace.job.config;

import java.io.Serializable;

/**
 * What becomes of samples that name no domain.
 *
 * @param waiting samples of a tenant that may wait for others that agree with them; 0 refuses all
 *     samples without a domain
 * @param agree samples that must agree to open a domain of their own, 16 to 64
 * @param spanMillis how long a sample waits at most
 */
public record UnlabelledConfig(int waiting, int agree, long spanMillis) implements Serializable {

  static UnlabelledConfig defaults() {
    return new UnlabelledConfig(256, 24, 600_000);
  }

  /** Whether samples without a domain are assigned one. */
  public boolean assigns() {
    return waiting > 0;
  }
}
