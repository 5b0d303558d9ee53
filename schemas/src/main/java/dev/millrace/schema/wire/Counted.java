package dev.millrace.schema.wire;

/** How many there are of something, in words. */
public final class Counted {

  private Counted() {}

  /** Such as {@code 1 record} and {@code 2 records}. */
  public static String of(long count, String one, String more) {
    return count + " " + (count == 1 ? one : more);
  }
}
