package dev.millrace.job.gateway;

import dev.millrace.schema.wire.StrictJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Bytes of the bodies whose calls are under way, in all and of each account. Until a call ends its
 * body takes several times as many of the heap: as text, encoded, on its way to the broker. Parsed,
 * one of many small values takes many times as many, and is counted so.
 */
final class BodyBytes {

  private static final String ALL = "";

  /** What a body of unknown size counts as at least until it has come. */
  private static final int UNKNOWN = 1 << 16;

  private static final int PIECE = 1 << 14;

  /** JSON's brackets, commas and colons: no value has less than one. */
  private static final String MARKS = "{}[],:";

  /** Of the heap, that what lies between two marks takes once it is parsed. */
  private static final int VALUE = 64;

  private final int largest;

  /** What a body counts as at most: no account may have more. */
  private final int room;

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
     * Reads a body, and counts what comes; then also what it takes once it is parsed.
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
      byte[] whole = all.toByteArray();
      fit((int) Math.min(room, whole.length + parsed(whole)));
      return whole;
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
    long half = Math.max(this.largest, most / 2);
    room = (int) Math.min(half, Integer.MAX_VALUE);
    all = new Admission("bytes of bodies of all callers", Math.max(this.largest, most));
    each = new Admission("bytes of bodies", half);
  }

  /** An empty object takes more than thirty times its two bytes. */
  private static long parsed(byte[] body) {
    int marks = 0;
    for (byte next : body) {
      marks += MARKS.indexOf(next) < 0 ? 0 : 1;
    }
    return (long) VALUE * Math.min(marks, StrictJson.MOST_TOKENS);
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
