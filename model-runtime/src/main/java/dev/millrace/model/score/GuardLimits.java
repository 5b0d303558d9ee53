package dev.millrace.model.score;

import java.io.Serializable;

/**
 * Bounds on who may teach a domain how much; 0 means no bound.
 *
 * @param sourceQuota most samples of one source that a domain accepts in a window; 0 is no bound,
 *     here and below
 * @param domainQuota most samples that a domain of a tenant accepts in a window
 * @param windowMillis length of a window of event time
 * @param throttleExcess a source is throttled when its share of refusals lies so far above that of
 *     all others
 * @param generatedSource sources whose name begins so send what our own model generated
 * @param generatedShare greatest share of what a domain accepts that our own model generated
 */
public record GuardLimits(
    int sourceQuota,
    int domainQuota,
    long windowMillis,
    double throttleExcess,
    String generatedSource,
    double generatedShare)
    implements Serializable {

  public static GuardLimits defaults() {
    return new GuardLimits(0, 0, 3_600_000, 0, "millrace-answers", 0);
  }
}
