package dev.millrace.job.config;

import java.io.Serializable;

/**
 * How much the gateway takes; what is more is told so (429, 413, 504).
 *
 * @param inFlight requests and calls that teach which one tenant may have under way
 * @param streams that one tenant may have open, of 128 in all
 * @param bodyBytes of a call's body
 * @param patienceMillis how long an answer is waited for; of a stream, its next chunk
 */
public record GatewayLimits(int inFlight, int streams, long bodyBytes, long patienceMillis)
    implements Serializable {

  static GatewayLimits defaults() {
    return new GatewayLimits(256, 32, 8 << 20, 60_000);
  }
}
