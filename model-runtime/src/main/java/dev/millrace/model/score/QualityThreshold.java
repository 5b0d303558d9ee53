package dev.millrace.model.score;

import dev.millrace.schema.Rejection;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The least Q(x) that passed when a sample was refused for its own: part of the reason. */
public final class QualityThreshold {

  private static final Pattern DETAIL =
      Pattern.compile("Q \\S+, expected at least (-?\\d+\\.\\d+)(: .*)?");

  private QualityThreshold() {}

  /**
   * @param why it is no more
   */
  static String detail(double quality, double least, String why) {
    return String.format(Locale.ROOT, "Q %.4f, expected at least %.4f: %s", quality, least, why);
  }

  /** What a rejection tells of it; empty where another stage refused. */
  public static OptionalDouble of(Rejection rejection) {
    Matcher detail = DETAIL.matcher(rejection.detail());
    return rejection.reason().equals(Reason.QUALITY_LOW.code()) && detail.matches()
        ? OptionalDouble.of(Double.parseDouble(detail.group(1)))
        : OptionalDouble.empty();
  }
}
