package dev.millrace.adapter.train;

import dev.millrace.model.base.Foreground;

/**
 * Pauses while somebody waits for an answer of this process, at most so long each time: a server
 * that is never idle slows training down and does not stop it.
 */
record YieldingGovernor(Governor inner, Foreground foreground, long mostMillis)
    implements Governor {

  @Override
  public boolean proceed() {
    try {
      foreground.awaitQuiet(mostMillis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    return inner.proceed();
  }

  @Override
  public void training(boolean now) {
    inner.training(now);
  }
}
