package dev.millrace.adapter.exchange;

import org.jspecify.annotations.Nullable;

/**
 * What the trainers of a process are to do next.
 *
 * @param domain whose lesson it is, its tenant included
 * @param process it is for
 * @param beginning of the first round of a lesson; else null
 * @param message what all found in the round before, which they are to follow first; or empty
 * @param from the first step of the lesson to take now
 * @param to the one after the last
 * @param reached names the state that they have come to, in place of taking steps; else empty
 */
public record Order(
    Call call,
    int round,
    String domain,
    int process,
    @Nullable Beginning beginning,
    byte[] message,
    int from,
    int to,
    String reached) {

  String place() {
    return place(process, domain);
  }

  /** Names what a process holds of a domain. */
  static String place(int process, String domain) {
    return process + " " + domain;
  }
}
