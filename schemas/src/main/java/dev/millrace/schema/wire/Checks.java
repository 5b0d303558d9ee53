package dev.millrace.schema.wire;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The checks that records share: each returns the problem it found, null if there is none. */
final class Checks {

  private static final int QUOTED = 60;

  private Checks() {}

  static @Nullable Problem id(String value) {
    if (value.isBlank()) {
      return new Problem("missing-id", "id is " + quote(value) + ", expected a name");
    }
    return length("id", value, Limits.ID_BYTES);
  }

  /** A domain or tenant; null is none. */
  static @Nullable Problem name(String what, @Nullable String value) {
    if (value == null || Names.isName(value)) {
      return null;
    }
    String detail = what + " is " + quote(value) + ", expected " + Names.EXPECTED;
    return new Problem("bad-" + what, detail);
  }

  /** A release id; null is none. */
  static @Nullable Problem release(String what, @Nullable String value) {
    if (value == null || Names.isRelease(value)) {
      return null;
    }
    String expected = ", expected 1..128 characters [A-Za-z0-9][A-Za-z0-9._-]*";
    return new Problem("bad-release", what + " is " + quote(value) + expected);
  }

  static @Nullable Problem time(String what, long epochMillis) {
    if (epochMillis >= 0) {
      return null;
    }
    String detail = what + " is " + epochMillis + ", expected epoch milliseconds from 0 on";
    return new Problem("bad-time", detail);
  }

  static @Nullable Problem length(String what, String value, int limit) {
    int bytes = value.length() > limit ? value.length() : utf8Length(value);
    if (bytes <= limit) {
      return null;
    }
    String atLeast = value.length() > limit ? "at least " : "";
    String detail = what + " has " + atLeast + bytes + " bytes, expected at most " + limit;
    return new Problem("too-long", detail);
  }

  /** The value between quotes, cut to a readable length, control characters escaped. */
  static String quote(String value) {
    StringBuilder quoted = new StringBuilder("\"");
    value.codePoints().limit(QUOTED).forEach(point -> append(quoted, point));
    boolean cut = value.codePointCount(0, value.length()) > QUOTED;
    return quoted.append(cut ? "…\"" : "\"").toString();
  }

  /** The value, or its beginning where it is longer than a name may be. */
  static @Nullable String cut(@Nullable String value) {
    return value == null ? null : Shortened.of(value, Limits.ID_BYTES);
  }

  private static void append(StringBuilder quoted, int point) {
    int type = Character.getType(point);
    if (point == '"') {
      quoted.append("\\\"");
    } else if (Character.isISOControl(point) || type == Character.SURROGATE) {
      quoted.append(String.format("\\u%04x", point));
    } else {
      quoted.appendCodePoint(point);
    }
  }

  private static int utf8Length(String value) {
    return value.getBytes(StandardCharsets.UTF_8).length;
  }
}
