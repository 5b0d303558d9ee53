package dev.millrace.schema.wire;

/** Texts that are told as far as there is room. */
public final class Shortened {

  private Shortened() {}

  /** The text, or its first so many characters and an ellipsis; a character is not split. */
  public static String of(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    boolean splits = Character.isHighSurrogate(text.charAt(most - 1));
    return text.substring(0, splits ? most - 1 : most) + "…";
  }
}
