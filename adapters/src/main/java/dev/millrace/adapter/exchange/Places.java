package dev.millrace.adapter.exchange;

/** Names of what a process holds of a domain. */
final class Places {
  private Places() {}

  static String of(int process, String domain) {
    return process + " " + domain;
  }
}
