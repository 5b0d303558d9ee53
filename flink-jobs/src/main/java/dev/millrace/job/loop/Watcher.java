package dev.millrace.job.loop;

import dev.millrace.job.report.Recording;

/** Shows how a run comes along. */
public interface Watcher {

  /** What the run is about to do, in a few words. */
  void phase(String what);

  /** The topics as they are now; called about once a second. */
  void progress(Recording recording);
}
