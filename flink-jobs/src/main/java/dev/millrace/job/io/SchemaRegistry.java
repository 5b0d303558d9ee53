package dev.millrace.job.io;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A schema registry that speaks Confluent's API. Calls throw {@link UncheckedIOException} while it
 * is away or cannot answer: then they may be made again.
 *
 * @see <a
 *     href="https://docs.confluent.io/platform/current/schema-registry/develop/api.html">specification</a>
 */
final class SchemaRegistry {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TYPE = "application/vnd.schemaregistry.v1+json";
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int OK = 200;
  private static final int NOT_FOUND = 404;
  private static final int TOO_MANY = 429;
  private static final int SERVER_ERROR = 500;

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
  private final String url;
  private final Duration patience;

  SchemaRegistry(String url) {
    this(url, PATIENCE);
  }

  /**
   * @param patience for an answer
   */
  SchemaRegistry(String url, Duration patience) {
    this.patience = patience;
    this.url = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
  }

  /** The schema with that id; empty if there is none. */
  Optional<String> schema(int id) {
    HttpResponse<String> answer = send(request("/schemas/ids/" + id));
    return answer.statusCode() == NOT_FOUND
        ? Optional.empty()
        : Optional.of(json(answer).path("schema").asText());
  }

  /** The id of a schema under a subject, under which it is registered if it is new there. */
  int register(String subject, String schema) {
    String body = JSON.createObjectNode().put("schema", schema).toString();
    String path = "/subjects/" + URLEncoder.encode(subject, StandardCharsets.UTF_8) + "/versions";
    JsonNode answer = json(send(request(path).POST(BodyPublishers.ofString(body))));
    if (!answer.path("id").isInt()) {
      throw new IllegalStateException(
          "the schema registry at " + url + " says " + answer + ", expected an id");
    }
    return answer.path("id").intValue();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path))
        .header("Accept", TYPE)
        .header("Content-Type", TYPE);
  }

  /** Waits for all of an answer: a request's own timeout ends with the first of it. */
  private HttpResponse<String> send(HttpRequest.Builder request) {
    CompletableFuture<HttpResponse<String>> answer =
        http.sendAsync(request.build(), BodyHandlers.ofString());
    try {
      return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      answer.cancel(true);
      throw new UncheckedIOException("no schema registry answers at " + url, new IOException(e));
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while asking " + url, e);
    }
  }

  private JsonNode json(HttpResponse<String> answer) {
    int status = answer.statusCode();
    if (status != OK) {
      String said = "%s: %d %s".formatted(answer.uri().getPath(), status, answer.body());
      if (status >= SERVER_ERROR || status == TOO_MANY) {
        throw new UncheckedIOException(
            "the schema registry at " + url + " cannot answer " + said,
            new IOException("status " + status));
      }
      throw new IllegalStateException("the schema registry at " + url + " refused " + said);
    }
    try {
      return JSON.readTree(answer.body());
    } catch (IOException e) {
      throw new UncheckedIOException("the schema registry at " + url + " sent no JSON", e);
    }
  }
}
