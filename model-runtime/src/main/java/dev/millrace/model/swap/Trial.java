package dev.millrace.model.swap;

/**
 * A release that is to take another's place and has not yet shown that it may: a share of the
 * callers is answered by it.
 *
 * @param withheld share of the callers that it does not answer; 1 is a shadow
 */
record Trial(Registered release, double withheld) {

  /** Whether it answers a caller; the same one always, or never. */
  boolean answers(long caller) {
    return caller != Caller.NOBODY && Caller.place(caller, release.release()) >= withheld;
  }
}
