package dev.millrace.job.embedded;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for all of an HTTP answer: a request's own timeout ends with the first of it. */
public final class WholeAnswer {

  private WholeAnswer() {}

  /**
   * The answer, if all of it comes within the request's timeout, which it must have.
   *
   * @throws HttpTimeoutException if it does not
   */
  public static HttpResponse<String> of(HttpClient http, HttpRequest request)
      throws IOException, InterruptedException {
    Duration patience = request.timeout().orElseThrow();
    CompletableFuture<HttpResponse<String>> answer =
        http.sendAsync(request, BodyHandlers.ofString());
    try {
      return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new HttpTimeoutException(
          "%s has not answered in %d s".formatted(request.uri(), patience.toSeconds()));
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException failed ? failed : new IOException(e.getCause());
    } finally {
      answer.cancel(true); // does nothing to what has come
    }
  }
}
