package dev.millrace.job.gateway;

import dev.millrace.job.door.OtherSites;
import io.javalin.http.Context;
import java.util.Objects;

/** Keeps other sites' pages out of a door without keys, where whoever calls is an operator. */
final class OwnPages {

  private OwnPages() {}

  /**
   * Lets in what is no browser, the door's own pages, and links to them.
   *
   * @throws ApiProblem if the page of another site calls, or one for which a name was made to lead
   *     here (DNS rebinding)
   */
  static void require(Context ctx) {
    String host = Objects.requireNonNullElse(ctx.header("Host"), "");
    if (!OtherSites.isLoopback(host)) {
      throw ApiProblem.forbidden(
          "Host is \"%s\", expected localhost or 127.0.0.1: without --keys no other name is served"
              .formatted(host));
    }
    String sign = OtherSites.sign(ctx.method().name(), ctx::header);
    if (sign != null) {
      throw ApiProblem.forbidden(
          "%s, expected a page of %s: without --keys no other site's page may call"
              .formatted(sign, host));
    }
  }
}
