package dev.millrace.job.gateway;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Bytes of the bodies whose calls are under way, in all and of each account. Until a call ends its
 * body takes several times as many of the heap: as text, parsed, encoded, on its way to the broker.
 */
final class BodyBytes {

  private static final String ALL = "";

  /** What a body of unknown size counts as at least until it has come. */
  private static final int UNKNOWN = 1 << 16;

  private static final int PIECE = 1 << 14;

  private final int largest;
  private final Admission all;
  private final Admission each;

  /** A call's share of them. */
  final class Share {
    private final String account;
    private int bytes;
    private boolean over;

    private Share(String account, int bytes) {
      this.account = account;
      this.bytes = bytes;
    }

    /**
     * The body has come, and has so many.
     *
     * @throws ApiProblem if it has more than it counted as, and there is no room for them
     */
    synchronized void fit(int came) {
      if (over) { // the client has gone away
        return;
      }
      if (came > bytes) {
        take(account, came - bytes);
      } else {
        giveBack(account, bytes - came);
      }
      bytes = came;
    }

    /**
     * Reads a body, and counts what comes.
     *
     * @throws ApiProblem if it has more bytes than a body may have, or than there is room for
     */
    byte[] read(InputStream body) throws IOException {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      byte[] piece = new byte[PIECE];
      for (int n = body.read(piece); n >= 0; n = body.read(piece)) {
        if (n > largest - all.size()) {
          throw ApiProblem.tooLarge(
              "the body has more, expected at most %d bytes".formatted(largest));
        }
        grow(all.size() + n);
        all.write(piece, 0, n);
      }
      fit(all.size());
      return all.toByteArray();
    }

    private synchronized void grow(int came) {
      if (came > bytes) {
        fit(came);
      }
    }

    /** The call has ended. */
    synchronized void leave() {
      over = true;
      giveBack(account, bytes);
      bytes = 0;
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
    all = new Admission("bytes of bodies of all callers", Math.max(this.largest, most));
    each = new Admission("bytes of bodies", Math.max(this.largest, most / 2));
  }

  /**
   * Takes room for a body before it is read.
   *
   * @param declared bytes, as its call says; -1 if it does not
   * @throws ApiProblem if there is none
   */
  Share enter(String account, int declared) {
    int bytes = Math.min(declared < 0 ? UNKNOWN : declared, largest);
    take(account, bytes);
    return new Share(account, bytes);
  }

  private void take(String account, int bytes) {
    each.enter(account, bytes);
    try {
      all.enter(ALL, bytes);
    } catch (ApiProblem e) {
      each.leave(account, bytes);
      throw e;
    }
  }

  private void giveBack(String account, int bytes) {
    all.leave(ALL, bytes);
    each.leave(account, bytes);
  }
}
