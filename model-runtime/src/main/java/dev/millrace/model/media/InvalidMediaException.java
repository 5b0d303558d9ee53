package dev.millrace.model.media;

/** Bytes that are no picture or sound which may be decoded here. */
public final class InvalidMediaException extends Exception {

  private static final long serialVersionUID = 1;

  /** What is wrong with them. */
  public enum Kind {
    /** No format that is read here. */
    UNKNOWN,
    /** Cut short, or it contradicts itself. */
    BROKEN,
    /** More than may be decoded. */
    TOO_LARGE
  }

  private final Kind kind;

  InvalidMediaException(Kind kind, String detail) {
    super(detail);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  static InvalidMediaException unknown(String detail) {
    return new InvalidMediaException(Kind.UNKNOWN, detail);
  }

  static InvalidMediaException broken(String detail) {
    return new InvalidMediaException(Kind.BROKEN, detail);
  }

  static InvalidMediaException tooLarge(String detail) {
    return new InvalidMediaException(Kind.TOO_LARGE, detail);
  }
}
