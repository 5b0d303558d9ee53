package dev.millrace.schema.wire;

import java.util.regex.Pattern;

/** What domains, tenants and releases may be called; such a name is safe as part of a path. */
public final class Names {

  /** What a domain or tenant is expected to be, for messages. */
  public static final String EXPECTED = "1..64 characters [a-z0-9][a-z0-9._-]*";

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final Pattern RELEASE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  private Names() {}

  /** True for a domain's or tenant's name. */
  public static boolean isName(String value) {
    return NAME.matcher(value).matches();
  }

  /** True for what may be a release id. */
  static boolean isRelease(String value) {
    return RELEASE.matcher(value).matches();
  }
}
