package dev.millrace.job.embedded;

import java.time.Duration;

/** Undoes what is being done if this process is told to end meanwhile. */
final class Interruption implements AutoCloseable {

  /** How long what is being done may take to notice that it was undone. */
  private static final Duration MOST = Duration.ofSeconds(10);

  private final Runnable undo;
  private final Thread hook = new Thread(this::end, "millrace-interruption");
  private volatile boolean over;

  private Interruption(Runnable undo) {
    this.undo = undo;
  }

  /** Until it is closed. */
  static Interruption undoing(Runnable undo) {
    Interruption interruption = new Interruption(undo);
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  /** What the end of this process runs. */
  void end() {
    undo.run();
    Poll.until(MOST, () -> over);
  }

  @Override
  public void close() {
    over = true;
    EndHook.remove(hook);
  }
}
