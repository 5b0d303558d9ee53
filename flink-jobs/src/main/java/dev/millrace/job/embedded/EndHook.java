package dev.millrace.job.embedded;

/** What the end of this process runs. */
public final class EndHook {

  private EndHook() {}

  /** Has the end of this process run it no more; if that has come already, it runs. */
  public static void remove(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending.
    }
  }
}
