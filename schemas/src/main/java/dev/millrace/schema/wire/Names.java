package dev.millrace.schema.wire;

import dev.millrace.schema.Request;
import java.util.regex.Pattern;

/** What domains, tenants and releases may be called; such a name is safe as part of a path. */
public final class Names {

  /** What a domain or tenant is expected to be, for messages. */
  public static final String EXPECTED = "1..64 characters [a-z0-9][a-z0-9._-]*";

  /** What callers of the gateway name the base alone by. */
  public static final String BASE = "base";

  /** What a domain that samples teach is expected to be, for messages. */
  public static final String EXPECTED_DOMAIN =
      EXPECTED
          + ", and not %s, %s or 64 hexadecimal digits: by these callers ask for the domain that fits, for the base alone, and for a release"
              .formatted(Request.AUTO, BASE);

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern RELEASE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  private Names() {}

  /** True for a domain's or tenant's name. */
  public static boolean isName(String value) {
    return NAME.matcher(value).matches();
  }

  /** True for the name of a domain that samples may teach. */
  public static boolean isDomain(String value) {
    return isName(value)
        && !value.equals(Request.AUTO)
        && !value.equals(BASE)
        && !DIGEST.matcher(value).matches();
  }

  /** True for what may be a release id. */
  static boolean isRelease(String value) {
    return RELEASE.matcher(value).matches();
  }
}
