import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * Sends JSON lines to the gateway as samples; Java 17 and nothing else.
 *
 * <p>{@code java docs/examples/Producer.java http://localhost:8080 support mails.jsonl}
 */
public final class Producer {

  private static final int LINES = 100;

  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 3) {
      throw new IllegalArgumentException("expected URL DOMAIN FILE");
    }
    String domain = arguments[1];
    String named = URLEncoder.encode(domain, StandardCharsets.UTF_8);
    URI door = URI.create(arguments[0] + "/v1/samples?domain=" + named);
    List<String> lines = Files.readAllLines(Path.of(arguments[2]));
    HttpClient client = HttpClient.newHttpClient();
    for (int from = 0; from < lines.size(); from += LINES) {
      List<String> some = lines.subList(from, Math.min(lines.size(), from + LINES));
      // The same lines of a domain have the same key: to run this again writes nothing twice within a day.
      String body = String.join("\n", some);
      byte[] call = (domain + "\n" + body).getBytes(StandardCharsets.UTF_8);
      String key = UUID.nameUUIDFromBytes(call).toString();
      HttpRequest.Builder request =
          HttpRequest.newBuilder(door).header("Idempotency-Key", key).POST(BodyPublishers.ofString(body));
      String apiKey = System.getenv("MILLRACE_API_KEY");
      if (apiKey != null) {
        request.header("Authorization", "Bearer " + apiKey);
      }
      HttpResponse<String> reply = client.send(request.build(), BodyHandlers.ofString());
      String said = "lines from %d on: %s".formatted(from + 1, reply.body());
      boolean refused = reply.statusCode() == 400 && reply.body().contains("\"no_valid_sample\"");
      if (reply.statusCode() != 200 && !refused) { // where all lines are, the next may go through
        throw new IllegalStateException(reply.statusCode() + ": " + said);
      }
      System.out.println(said);
    }
  }
}
