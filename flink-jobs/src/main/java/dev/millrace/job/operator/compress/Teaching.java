package dev.millrace.job.operator.compress;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Verdict;
import java.util.List;

/** Makes a student of what a stream has taught. One thread uses it. */
public interface Teaching {

  /** The places, on one topic, of the samples that the student is to learn from. */
  List<Origin> choose() throws Exception;

  /**
   * Has a student learn from these samples, judges it, and publishes it if no rule is against it.
   * Done again it goes on where it was cut off, and publishes nothing twice.
   *
   * @throws IllegalArgumentException if it cannot be done, however often it is tried
   */
  Verdict teach(List<Origin> chosen, Progress progress) throws Exception;

  /** Hears how far it is, and ends it by an exception once nobody wants it any more. */
  interface Progress {

    /** Nothing is done yet, but it is asked whether to go on. */
    void requireWanted();

    /** The teacher was called; returns when it may be called again. */
    void asked();

    /** Returns once it would be done again of the same samples, whatever fails. */
    void awaitKept();

    /** A step is done; returns when the next may begin. */
    void stepped(long step, double loss);
  }
}
