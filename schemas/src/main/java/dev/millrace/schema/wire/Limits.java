package dev.millrace.schema.wire;

/** How large input may be; sizes of text are in bytes of UTF-8. */
public final class Limits {

  /** Payload of a TEXT or CODE sample. */
  public static final int TEXT_BYTES = 64 << 10;

  /** A text file, of which each piece becomes a sample. */
  public static final int FILE_BYTES = 32 << 20;

  /** A line of JSON: the longest sample, and what other people's lines hold beside it. */
  public static final int LINE_BYTES = 16 << 20;

  /** Payload of an IMAGE or AUDIO sample. */
  public static final int MEDIA_BYTES = 4 << 20;

  /**
   * Picture or sound of a request; a text in its place is a prompt's size. It waits in the state of
   * a job, which samples do not; encoders see 32 × 32 cells or four seconds of it.
   */
  public static final int REQUEST_MEDIA_BYTES = 512 << 10;

  public static final int CAPTION_BYTES = 4 << 10;

  /** Prompt of a request, or a text that it has placed. */
  public static final int PROMPT_BYTES = 16 << 10;

  /** Id, source or document of a sample; key of a request, and each name in it. */
  public static final int ID_BYTES = 512;

  /** Why a release event was written; jobs keep the event for ever. */
  public static final int REASON_BYTES = 4 << 10;

  public static final int URI_BYTES = 2 << 10;

  /** Tokens that GENERATE may ask for. */
  public static final int MAX_TOKENS = 512;

  /** Tokens that GENERATE adds at most where a request leaves it to the room there is. */
  public static final int ROOM_TOKENS = 256;

  public static final double MAX_TEMPERATURE = 2;

  /** Stop texts of a request. */
  public static final int STOPS = 8;

  /** One stop text. */
  public static final int STOP_BYTES = 256;

  /** Samples that one release event has a domain forget. */
  public static final int FORGOTTEN = 10_000;

  /** Items of all lists and maps of a record together. */
  public static final int ITEMS = 1 << 17;

  private Limits() {}
}
