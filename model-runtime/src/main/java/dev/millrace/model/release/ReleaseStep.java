package dev.millrace.model.release;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** What is done to releases between training and answers, as events of Java's Flight Recorder. */
@Name(ReleaseStep.NAME)
@Label("Release step")
@Category("Millrace")
@StackTrace(false)
public final class ReleaseStep extends Event {

  /** Of the events. */
  public static final String NAME = "millrace.ReleaseStep";

  /** One may hold others. */
  public enum Kind {
    /** An adapter is rounded, of what may become a release. */
    QUANTIZE,
    /** A release is signed and written. */
    PUBLISH,
    /** From the beginning of a release's fetch until it answers. */
    SWITCH,
    /** A release is read and verified. */
    FETCH,
    /** A file is read. */
    READ
  }

  @Label("Kind")
  final String kind;

  /** Id of the release, or URI of the file. */
  @Label("Of")
  final String of;

  private ReleaseStep(Kind kind, String of) {
    this.kind = kind.name();
    this.of = of;
  }

  /**
   * Begins one, which {@code commit} ends.
   *
   * @param of id of the release, or URI of the file; empty where there is none yet
   */
  public static ReleaseStep begun(Kind kind, String of) {
    ReleaseStep step = new ReleaseStep(kind, of);
    step.begin();
    return step;
  }
}
