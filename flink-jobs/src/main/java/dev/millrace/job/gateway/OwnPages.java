package dev.millrace.job.gateway;

import io.javalin.http.Context;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Keeps other sites' pages out of a door without keys, where whoever calls is an operator: a
 * browser on this machine calls it for any page that asks, without asking first where a form could
 * have called too.
 */
final class OwnPages {

  private static final Pattern LOOPBACK =
      Pattern.compile("(localhost|127(\\.\\d{1,3}){3}|\\[::1])(:\\d+)?");

  private OwnPages() {}

  /**
   * Lets in what is no browser, the door's own pages, and links to them.
   *
   * @throws ApiProblem if the page of another site calls, or one for which a name was made to lead
   *     here (DNS rebinding)
   */
  static void require(Context ctx) {
    String host = Objects.requireNonNullElse(ctx.header("Host"), "").toLowerCase(Locale.ROOT);
    if (!LOOPBACK.matcher(host).matches()) {
      throw ApiProblem.forbidden(
          "Host is \"%s\", expected localhost or 127.0.0.1: without --keys no other name is served"
              .formatted(host));
    }
    String origin = ctx.header("Origin");
    if (origin != null && !origin.equals("http://" + host) && !origin.equals("https://" + host)) {
      throw foreign("Origin is \"" + origin + '"', host);
    }
    String site = ctx.header("Sec-Fetch-Site");
    if (site != null && !List.of("same-origin", "none").contains(site) && !isLink(ctx)) {
      throw foreign("Sec-Fetch-Site is \"" + site + '"', host);
    }
  }

  /** Somebody went here from another site's page; that page sees nothing of it. */
  private static boolean isLink(Context ctx) {
    return ctx.method().name().equals("GET")
        && "navigate".equals(ctx.header("Sec-Fetch-Mode"))
        && "document".equals(ctx.header("Sec-Fetch-Dest"));
  }

  private static ApiProblem foreign(String found, String host) {
    return ApiProblem.forbidden(
        "%s, expected a page of %s: without --keys no other site's page may call"
            .formatted(found, host));
  }
}
