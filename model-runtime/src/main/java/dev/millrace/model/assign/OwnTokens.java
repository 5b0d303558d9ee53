package dev.millrace.model.assign;

import java.util.Arrays;

/**
 * What a text has of its own: its vector without its part in what the base's texts have in common
 * (all but the top; Mu and Viswanath, 2018). So a language says little of what a text speaks of.
 *
 * @param common (directions): how far the whole vector, of length 1, goes along each
 * @param length of what is left, 0 to 1
 */
public record OwnTokens(TokenSet text, double[] common, double length) {

  /** Rounding leaves so much of a text that is all common. */
  private static final double NOTHING = 1e-6;

  public static OwnTokens of(TokenSet text, KnownTexts known) {
    double[] common =
        Arrays.stream(known.common()).mapToDouble(axis -> text.along(axis, known)).toArray();
    double rest = 1 - Arrays.stream(common).map(c -> c * c).sum();
    return new OwnTokens(text, common, Math.sqrt(Math.max(0, rest)));
  }

  /** From −1 to 1; 0 where one of both has nothing of its own. */
  public double cosine(OwnTokens other, KnownTexts known) {
    if (length < NOTHING || other.length < NOTHING) {
      return 0;
    }
    double product = text.cosine(other.text, known);
    for (int i = 0; i < common.length; i++) {
      product -= common[i] * other.common[i];
    }
    return product / (length * other.length);
  }
}
