package dev.millrace.job.door;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells what pages of other sites send from all other calls: a browser on this machine calls a door
 * here for any page that asks, without asking first where a form could have called too. It says so
 * in headers that no page can change.
 */
public final class OtherSites {

  private static final Pattern LOOPBACK =
      Pattern.compile("(localhost|127(\\.\\d{1,3}){3}|\\[::1])(:\\d+)?");

  private OtherSites() {}

  /** Whether a call's {@code Host} is this machine's; a name that was made to lead here is not. */
  public static boolean isLoopback(@Nullable String host) {
    return LOOPBACK.matcher(lower(host)).matches();
  }

  /**
   * By what a call shows that the page of another site makes it; null if it does not. What is no
   * browser passes, and so do the door's own pages, also behind a proxy, and links to them.
   *
   * @param headers the value of each by its name; null without it
   */
  public static @Nullable String sign(String method, Function<String, @Nullable String> headers) {
    String site = headers.apply("Sec-Fetch-Site");
    if (site != null) { // it knows what a proxy does to Host
      boolean own = List.of("same-origin", "none").contains(site) || isLink(method, headers);
      return own ? null : "Sec-Fetch-Site is \"" + site + '"';
    }
    String origin = headers.apply("Origin");
    String host = lower(headers.apply("Host"));
    return origin == null || List.of("http://" + host, "https://" + host).contains(origin)
        ? null
        : "Origin is \"" + origin + '"';
  }

  /** Somebody went here from another site's page; that page sees nothing of it. */
  private static boolean isLink(String method, Function<String, @Nullable String> headers) {
    return method.equals("GET")
        && "navigate".equals(headers.apply("Sec-Fetch-Mode"))
        && "document".equals(headers.apply("Sec-Fetch-Dest"));
  }

  private static String lower(@Nullable String host) {
    return Objects.requireNonNullElse(host, "").toLowerCase(Locale.ROOT);
  }
}
