package dev.millrace.job.gateway;

/**
 * Bytes of the bodies whose calls are under way, in all and of each account. Until a call ends its
 * body takes several times as many of the heap: as text, parsed, encoded, on its way to the broker.
 */
final class BodyBytes {

  private static final String ALL = "";

  private final int largest;
  private final Admission all;
  private final Admission each;

  /** A call's share of them. */
  final class Share {
    private final String account;
    private int bytes;

    private Share(String account, int bytes) {
      this.account = account;
      this.bytes = bytes;
    }

    /** The body has come, and has so many. */
    void fit(int came) {
      giveBack(bytes - came);
    }

    /** The call has ended. */
    void leave() {
      giveBack(bytes);
    }

    private synchronized void giveBack(int fewer) {
      bytes -= fewer;
      all.leave(ALL, fewer);
      each.leave(account, fewer);
    }
  }

  /**
   * Lets so many in, half of them of one account; but each a body of the largest size.
   *
   * @param most bytes, in all
   * @param largest bytes that a body may have
   */
  BodyBytes(long most, long largest) {
    this.largest = (int) Math.min(largest, Integer.MAX_VALUE);
    all = new Admission("bytes of bodies of all callers", bounded(most));
    each = new Admission("bytes of bodies", bounded(most / 2));
  }

  private int bounded(long most) {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(largest, most));
  }

  /**
   * Takes room for a body before it is read.
   *
   * @param declared bytes, as its call says; -1 if it does not, which counts as the largest
   * @throws ApiProblem if there is none
   */
  Share enter(String account, int declared) {
    int bytes = declared < 0 ? largest : Math.min(declared, largest);
    each.enter(account, bytes);
    try {
      all.enter(ALL, bytes);
    } catch (ApiProblem e) {
      each.leave(account, bytes);
      throw e;
    }
    return new Share(account, bytes);
  }
}
