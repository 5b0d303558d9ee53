package dev.millrace.job;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.job.config.GatewayLimits;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.gateway.ApiKeys;
import dev.millrace.job.gateway.Gateway;
import dev.millrace.job.gateway.GatewayConfig;
import dev.millrace.job.io.HeldSends;
import dev.millrace.job.io.KafkaTopics;
import dev.millrace.job.io.Keytool;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Request;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Partitioner;
import org.apache.kafka.common.Cluster;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The door with no job behind it: how much it takes, how long it waits, and how safe it is. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class GatewayDoorIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int IN_FLIGHT = 2;
  private static final int STREAMS = 1;
  private static final int BODY_BYTES = 2_000;

  /** A reply that no buffers between the door and a client take up. */
  private static final int LARGE = 12 << 20;

  private static final String ASK = "{\"model\":\"base\",\"prompt\":\"a\",\"max_tokens\":4}";

  private static EmbeddedStack stack;
  private static Loop loop;

  private static final String KEYTOOLS = "a-password";

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    stack = EmbeddedStack.start(1, 1);
    loop = Loop.create(stack, 1, Map.of());
  }

  @AfterAll
  static void stop() {
    stack.close();
  }

  private Gateway open(Duration patience, @Nullable Path keystore) throws IOException {
    return open(patience, keystore, loop.config().kafka());
  }

  private Gateway open(Duration patience, @Nullable Path keystore, KafkaConfig kafka)
      throws IOException {
    Path keys = Files.writeString(folder.resolve("keys"), "key-of-acme acme\nkey-of-other other\n");
    return Gateway.start(
        new GatewayConfig(
            "127.0.0.1",
            0,
            keystore,
            new GatewayLimits(IN_FLIGHT, STREAMS, BODY_BYTES, patience.toMillis())),
        kafka,
        ApiKeys.read(keys),
        Adopting.unavailable("not asked for here"));
  }

  private static CompletableFuture<HttpResponse<String>> ask(
      HttpClient client, Gateway gateway, String key, String body) {
    return send(client, gateway, "/v1/completions", key, body);
  }

  private static CompletableFuture<HttpResponse<String>> send(
      HttpClient client, Gateway gateway, String path, String key, String body) {
    return client.sendAsync(
        HttpRequest.newBuilder(URI.create(gateway.url() + path))
            .header("Authorization", "Bearer " + key)
            .POST(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  private static void assertProblem(int status, String code, HttpResponse<String> response)
      throws IOException {
    assertEquals(status, response.statusCode(), response::body);
    assertEquals(
        code,
        new ObjectMapper().readTree(response.body()).path("error").path("code").asText(),
        response::body);
  }

  @Test
  void call_bodyTooLarge_isRefusedWithItsSizeAndTheLimit() throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    try (Gateway gateway = open(LIMIT, null)) {
      String large = ASK.replace("\"a\"", '"' + "a".repeat(BODY_BYTES) + '"');
      HttpResponse<String> refused = ask(client, gateway, "key-of-acme", large).get();
      assertProblem(413, "too_large", refused);
      String said = "the body has %d bytes, expected at most %d";
      assertTrue(
          refused.body().contains(said.formatted(large.length(), BODY_BYTES)), refused::body);
    }
  }

  @Test
  void call_bodyWithoutASizeIsTooLarge_isRefusedWithTheLimit() throws Exception {
    byte[] large = ASK.replace("\"a\"", '"' + "a".repeat(BODY_BYTES) + '"').getBytes(UTF_8);
    try (Gateway gateway = open(LIMIT, null)) {
      HttpRequest call =
          HttpRequest.newBuilder(URI.create(gateway.url() + "/v1/completions"))
              .header("Authorization", "Bearer key-of-acme")
              .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large)))
              .build();
      HttpResponse<String> refused = HttpClient.newHttpClient().send(call, BodyHandlers.ofString());
      assertProblem(413, "too_large", refused);
      assertTrue(refused.body().contains("expected at most " + BODY_BYTES), refused::body);
    }
  }

  /** The server refuses them before any route sees them. */
  @ParameterizedTest
  @CsvSource({"GET /health HTTP/9.9, 505", "GET /he|th{ HTTP/1.1, 400", "PUT /%zz HTTP/1.1, 400"})
  void call_serverCannotReadIt_isRefusedInTheShapeOfEveryProblem(String line, int status)
      throws Exception {
    try (Gateway gateway = open(LIMIT, null)) {
      assertEarly(status, gateway, line + "\r\nHost: a\r\nConnection: close\r\n\r\n");
    }
  }

  @Test
  void call_headerTooLarge_isRefusedInTheShapeOfEveryProblem() throws Exception {
    String large = "X: " + "a".repeat(8 << 10);
    try (Gateway gateway = open(LIMIT, null)) {
      assertEarly(431, gateway, "GET /health HTTP/1.1\r\nHost: a\r\n" + large + "\r\n\r\n");
    }
  }

  private static void assertEarly(int status, Gateway gateway, String call) throws IOException {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
      client.getOutputStream().write(call.getBytes(UTF_8));
      String reply = new String(client.getInputStream().readAllBytes(), UTF_8);
      assertTrue(reply.startsWith("HTTP/1.1 " + status + " "), reply);
      assertTrue(reply.contains("application/json"), reply);
      JsonNode error = new ObjectMapper().readTree(reply.split("\r\n\r\n", 2)[1]).path("error");
      assertEquals("http_" + status, error.path("code").asText(), reply);
    }
  }

  /** Also one who goes away: no fault of the door's, which has no more to say of it. */
  @Test
  void call_bodyIsCutOff_isABadRequest() throws Exception {
    try (Gateway gateway = open(LIMIT, null);
        Socket client = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
      send(client, "POST /v1/completions", "a", "{", 2, "Authorization: Bearer key-of-acme");
      client.shutdownOutput();
      String reply = new String(client.getInputStream().readAllBytes(), UTF_8);
      assertTrue(reply.startsWith("HTTP/1.1 400 "), reply);
      assertTrue(reply.contains("body_cut_off"), reply);
    }
  }

  @Test
  void call_bodyIsNotInItsCharset_isABadRequest() throws Exception {
    try (Gateway gateway = open(LIMIT, null)) {
      HttpRequest call =
          HttpRequest.newBuilder(URI.create(gateway.url() + "/v1/samples?domain=mails"))
              .header("Authorization", "Bearer key-of-acme")
              .POST(BodyPublishers.ofString("{\"text\":\"D\u00e9j\u00e0 vu\"}", ISO_8859_1))
              .build();
      HttpResponse<String> reply = HttpClient.newHttpClient().send(call, BodyHandlers.ofString());
      assertProblem(400, "invalid-utf8", reply);
    }
  }

  @Test
  void console_addressWithoutTheLastSlash_findsItsFiles() throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    try (Gateway gateway = open(LIMIT, null)) {
      URI page = URI.create(gateway.url() + "/console");
      HttpRequest get = HttpRequest.newBuilder(page).build();
      String html = client.send(get, BodyHandlers.ofString()).body();
      Matcher files = Pattern.compile(" (?:href|src)=\"([^:\"]+)\"").matcher(html);
      int found = 0;
      for (; files.find(); found++) {
        HttpRequest file = HttpRequest.newBuilder(page.resolve(files.group(1))).build();
        assertEquals(
            200, client.send(file, BodyHandlers.ofString()).statusCode(), () -> files.group(1));
      }
      assertEquals(4, found);
    }
  }

  @Test
  void call_methodThatNoRouteHas_isToldThoseItHas() throws Exception {
    String key = "Authorization: bearer key-of-acme";
    try (Gateway gateway = open(LIMIT, null)) {
      String reply = exchange(gateway, "GET /v1/completions", "a", "", key);
      assertTrue(reply.startsWith("HTTP/1.1 405 "), reply);
      assertTrue(reply.contains("Allow: POST\r\n"), reply);
      assertTrue(reply.contains("of /v1/completions is GET, expected POST\""), reply);
    }
  }

  /** Javalin itself answers HEAD with 200 where there is a GET. */
  @Test
  void head_isAnsweredAsGetIsWithoutABody() throws Exception {
    String key = "Authorization: Bearer key-of-acme";
    try (Gateway gateway = open(LIMIT, null)) {
      assertHead(200, exchange(gateway, "HEAD /health", "a", ""));
      assertHead(200, exchange(gateway, "HEAD /v1/models", "a", "", key));
      assertHead(404, exchange(gateway, "HEAD /v1/models/nope", "a", "", key));
      String unknown = exchange(gateway, "HEAD /v1/models", "a", "");
      assertHead(401, unknown);
      assertTrue(unknown.contains("WWW-Authenticate: Bearer\r\n"), unknown);
    }
  }

  private static void assertHead(int status, String reply) {
    assertTrue(reply.startsWith("HTTP/1.1 " + status + " "), reply);
    assertTrue(reply.contains("Content-Type: application/json\r\n"), reply);
    assertTrue(reply.endsWith("\r\n\r\n"), reply);
  }

  @Test
  void call_bodyIsPacked_isToldSo() throws Exception {
    String key = "Authorization: Bearer key-of-acme";
    try (Gateway gateway = open(LIMIT, null)) {
      String reply =
          exchange(gateway, "POST /v1/completions", "a", ASK, key + "\r\nContent-Encoding: gzip");
      assertTrue(reply.startsWith("HTTP/1.1 415 "), reply);
      assertTrue(reply.contains("Content-Encoding is gzip, expected none"), reply);
    }
  }

  @Test
  void call_charsetThatNobodyKnows_isABadRequest() throws Exception {
    String headers =
        "Authorization: Bearer key-of-acme\r\nContent-Type: application/json; charset=klingon";
    try (Gateway gateway = open(LIMIT, null)) {
      String reply = exchange(gateway, "POST /v1/completions", "a", ASK, headers);
      assertTrue(reply.startsWith("HTTP/1.1 400 "), reply);
      assertTrue(reply.contains("unknown_charset"), reply);
    }
  }

  /** OpenAI's clients show which field it was; before, what was too long or empty named none. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "completions 'prompt':'a','stop':'LONG' stop",
        "completions 'prompt':['a',''] prompt",
        "completions 'prompt':'','stream':true prompt",
        "completions 'prompt':'LONG-LONG' prompt",
        "chat/completions 'messages':[{'role':'user','content':'LONG-LONG'}] messages",
        "embeddings 'input':['a',''] input",
        "embeddings 'messages':[{'content':''}] messages"
      })
  void call_whatIsAskedIsEmptyOrTooLong_isRefusedWithTheFieldThatItCameIn(
      String route, String fields, String param) throws Exception {
    String body =
        "{'model':'base',%s}"
            .formatted(fields)
            .replace("LONG-LONG", "a".repeat(17_000))
            .replace("LONG", "b".repeat(257))
            .replace('\'', '"');
    try (Gateway gateway = openTo(List.of("a"))) {
      HttpClient client = HttpClient.newHttpClient();
      var reply = send(client, gateway, "/v1/" + route, "key-of-a", body).get();
      assertProblem(400, "request_refused", reply);
      JsonNode error = new ObjectMapper().readTree(reply.body()).path("error");
      assertEquals(param, error.path("param").asText(), error::toString);
    }
  }

  /** They would wait without end, for their turn or for a thread to write what was said. */
  @Test
  void calls_moreWithoutAReplyThanATenantMayHave_areTooMany() throws Exception {
    CountDownLatch judged = new CountDownLatch(1);
    HttpClient client = HttpClient.newHttpClient();
    Path keys = Files.writeString(folder.resolve("operator"), "key-of-acme acme operator\n");
    GatewayLimits limits = new GatewayLimits(IN_FLIGHT, STREAMS, BODY_BYTES, LIMIT.toMillis());
    try (Gateway gateway =
        Gateway.start(
            new GatewayConfig("127.0.0.1", 0, null, limits),
            loop.config().kafka(),
            ApiKeys.read(keys),
            after(judged))) {
      String body = "{\"lora_name\":\"mails\",\"lora_path\":\"/adapters/mails\"}";
      List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
      try {
        for (int i = 0; i <= 2 * IN_FLIGHT; i++) {
          calls.add(send(client, gateway, "/v1/load_lora_adapter", "key-of-acme", body));
        }
        CompletableFuture.anyOf(calls.toArray(CompletableFuture[]::new)).get();
      } finally {
        judged.countDown();
      }
      List<Integer> statuses = calls.stream().map(call -> call.join().statusCode()).toList();
      assertEquals(1, Collections.frequency(statuses, 429), statuses::toString);
      assertEquals(2 * IN_FLIGHT, Collections.frequency(statuses, 400), statuses::toString);
    }
  }

  /** Judges no adapter, and says so late. */
  private static Adopting after(CountDownLatch latch) {
    return new Adopting() {
      @Override
      public Verdict adopt(@Nullable String tenant, String domain, Path adapter) {
        try {
          latch.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
        throw new UnsupportedOperationException("not here");
      }

      @Override
      public void close() {}
    };
  }

  @Test
  void calls_moreThanATenantMayHave_areTooManyAndOtherTenantsGoOn() throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    try (Gateway gateway = open(LIMIT, null);
        Committed requests = loop.committed(loop.topics().requests())) {
      int before = requests.all().size();
      for (int i = 0; i < IN_FLIGHT; i++) {
        var unused = ask(client, gateway, "key-of-acme", ASK);
      }
      requests.await(before + IN_FLIGHT, LIMIT);
      assertProblem(429, "rate_limit_exceeded", ask(client, gateway, "key-of-acme", ASK).get());
      var unused = ask(client, gateway, "key-of-other", ASK);
      requests.await(before + IN_FLIGHT + 1, LIMIT);
    }
  }

  /** Who has an answer has its place back: the answers are written here, as a job would. */
  @Test
  void calls_eachAfterTheAnswersOfTheLast_areNeverTooMany() throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    String all = ASK.replace("}", ",\"n\":" + IN_FLIGHT + "}");
    try (Gateway gateway = open(LIMIT, null);
        Feed feed = loop.feed();
        Committed requests = loop.committed(loop.topics().requests())) {
      int before = requests.all().size();
      for (int call = 1; call <= 20; call++) {
        var reply = ask(client, gateway, "key-of-acme", all);
        int after = before + IN_FLIGHT;
        for (var record : requests.await(after, LIMIT).subList(before, after)) {
          byte[] answer = Codecs.answers().encode(answer(decode(record)));
          var unused = feed.send(loop.topics().answers(), "", answer);
        }
        assertEquals(200, reply.get().statusCode(), reply.get()::body);
        before = after;
      }
    }
  }

  /** No thread waits for them; the server gives up one that does not read for half a minute. */
  @Test
  void reply_clientsDoNotRead_othersAreAnsweredMeanwhileAndTheyHaveTheWholeLater()
      throws Exception {
    String text = "b".repeat(LARGE);
    List<Socket> slow = new ArrayList<>();
    try (Gateway gateway = openTo(List.of("a", "b"));
        Feed feed = loop.feed();
        Committed requests = loop.committed(loop.topics().requests())) {
      int before = requests.all().size();
      for (int i = 0; i < 5; i++) {
        Socket one = new Socket();
        slow.add(one);
        one.setReceiveBufferSize(64 << 10);
        one.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), gateway.port()));
        send(one, "POST /v1/completions", "a", ASK, ASK.length(), "Authorization: Bearer key-of-a");
      }
      List<Request> large = asked(requests, before, 5);
      var reply = ask(HttpClient.newHttpClient(), gateway, "key-of-b", ASK);
      Request last = asked(requests, before + 5, 1).get(0);
      for (Request one : large) {
        byte[] answer = Codecs.answers().encode(answer(one, text, null, null));
        var unused = feed.send(loop.topics().answers(), "", answer);
      }
      feed.send(loop.topics().answers(), "", Codecs.answers().encode(answer(last))).get();
      assertEquals(200, reply.get(20, TimeUnit.SECONDS).statusCode(), reply.get()::body);
      for (Socket one : slow) {
        String whole = new String(one.getInputStream().readAllBytes(), UTF_8);
        assertTrue(whole.contains(text), () -> whole.length() + " bytes came");
      }
    } finally {
      for (Socket one : slow) {
        one.close();
      }
    }
  }

  private static List<Request> asked(Committed requests, int from, int count) throws Exception {
    List<Request> asked = new ArrayList<>();
    for (var record : requests.await(from + count, LIMIT).subList(from, from + count)) {
      asked.add(decode(record));
    }
    return asked;
  }

  private static Answer answer(Request request) {
    return answer(request, null, null);
  }

  private static Answer answer(Request request, @Nullable String release, @Nullable String error) {
    return answer(request, "b", release, error);
  }

  private static Answer answer(
      Request request, String text, @Nullable String release, @Nullable String error) {
    return StreamRecords.answer(request, error, text, release);
  }

  @Test
  void streams_moreThanATenantMayHave_areTooManyAndOtherTenantsGoOn() throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    String stream = ASK.replace("}", ",\"stream\":true}");
    try (Gateway gateway = open(LIMIT, null);
        Committed requests = loop.committed(loop.topics().requests())) {
      int before = requests.all().size();
      var first = ask(client, gateway, "key-of-acme", stream);
      requests.await(before + STREAMS, LIMIT);
      HttpResponse<String> second = ask(client, gateway, "key-of-acme", stream).get();
      assertProblem(429, "rate_limit_exceeded", second);
      assertTrue(second.body().contains("2 streams under way, expected at most 1"), second::body);
      var other = ask(client, gateway, "key-of-other", stream);
      requests.await(before + STREAMS + 1, LIMIT);
      assertFalse(first.isDone() || other.isDone());
    }
  }

  /** The first chunk is written here, as a job would; then nothing comes. */
  @Test
  void stream_clientGoesAwayInTheMiddle_itsPlacesAreFreeLongBeforeAnAnswer() throws Exception {
    String body = ASK.replace("}", ",\"stream\":true}");
    String key = "Authorization: Bearer key-of-acme";
    try (Gateway gateway = open(Duration.ofMinutes(10), null);
        Feed feed = loop.feed();
        Committed requests = loop.committed(loop.topics().requests())) {
      int before = requests.all().size();
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
        send(client, "POST /v1/completions", "a", body, body.length(), key);
        Request request = decode(requests.await(before + 1, LIMIT).get(before));
        Chunk chunk =
            new Chunk(request.id(), request.origin(), "acme", 0, "b", null, "base", List.of());
        var unused = feed.send(loop.topics().chunks(), "", Codecs.chunks().encode(chunk));
        assertTrue(client.getInputStream().read() >= 0);
        awaitUnderWay(1, gateway);
      }
      awaitUnderWay(0, gateway);
      assertNotNull(decode(requests.await(before + 2, LIMIT).get(before + 1)).cancels());
      var again = ask(HttpClient.newHttpClient(), gateway, "key-of-acme", body);
      requests.await(before + 3, LIMIT);
      assertFalse(again.isDone());
    }
  }

  /** Before the first event, which is then the reply, and after it. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void stream_oneChoiceFails_theOtherIsTakenBack(boolean begun) throws Exception {
    String body = ASK.replace("}", ",\"stream\":true,\"n\":2}");
    try (Gateway gateway = open(Duration.ofMinutes(10), null);
        Feed feed = loop.feed();
        Committed requests = loop.committed(loop.topics().requests())) {
      int before = requests.all().size();
      var reply = ask(HttpClient.newHttpClient(), gateway, "key-of-acme", body);
      var both = requests.await(before + 2, LIMIT).subList(before, before + 2);
      Request failing = decode(both.get(0));
      if (begun) {
        Chunk chunk =
            new Chunk(failing.id(), failing.origin(), "acme", 0, "b", null, "base", List.of());
        var unused = feed.send(loop.topics().chunks(), "", Codecs.chunks().encode(chunk));
      }
      awaitUnderWay(2, gateway);
      byte[] answer = Codecs.answers().encode(answer(failing, null, "prompt-too-long: 9"));
      var unused = feed.send(loop.topics().answers(), "", answer);
      assertTrue(reply.get().body().contains("prompt-too-long: 9"), reply.get()::body);
      Request last = decode(requests.await(before + 3, LIMIT).get(before + 2));
      assertEquals(decode(both.get(1)).id(), last.cancels());
      awaitUnderWay(0, gateway);
    }
  }

  /** The caller had its error once all others had come to their end. */
  @Test
  void call_oneChoiceFails_isAnsweredAtOnceAndTheOthersAreTakenBack() throws Exception {
    try (Gateway gateway = open(Duration.ofMinutes(10), null);
        Feed feed = loop.feed();
        Committed requests = loop.committed(loop.topics().requests())) {
      int before = requests.all().size();
      String body = ASK.replace("}", ",\"n\":2}");
      var reply = ask(HttpClient.newHttpClient(), gateway, "key-of-acme", body);
      var both = requests.await(before + 2, LIMIT).subList(before, before + 2);
      byte[] answer = Codecs.answers().encode(answer(decode(both.get(0)), null, "overloaded: 9"));
      var unused = feed.send(loop.topics().answers(), "", answer);
      assertProblem(429, "rate_limit_exceeded", reply.get(1, TimeUnit.MINUTES));
      Request last = decode(requests.await(before + 3, LIMIT).get(before + 2));
      assertEquals(decode(both.get(1)).id(), last.cancels());
      awaitUnderWay(0, gateway);
    }
  }

  /** As while serving goes over to another alignment: vectors of both cannot be compared. */
  @ParameterizedTest
  @ValueSource(strings = {"one", "two"})
  void embed_answersOfTwoReleases_areAskedOnceMoreAndNeverMixed(String first) throws Exception {
    String body = "{\"model\":\"base\",\"input\":[{\"content\":\"a\"},{\"content\":\"b\"}]}";
    try (Gateway gateway = open(LIMIT, null);
        Feed feed = loop.feed();
        Committed requests = loop.committed(loop.topics().requests())) {
      int before = requests.all().size();
      var reply = send(HttpClient.newHttpClient(), gateway, "/v1/embeddings", "key-of-acme", body);
      for (List<String> round : List.of(List.of("one", "two"), List.of(first, "two"))) {
        for (String release : round) {
          Request request = decode(requests.await(before + 1, LIMIT).get(before));
          byte[] answer = Codecs.answers().encode(answer(request, release, null));
          var unused = feed.send(loop.topics().answers(), "", answer);
          before++;
        }
      }
      if (first.equals("two")) {
        assertEquals(200, reply.get().statusCode(), reply.get()::body);
        assertTrue(reply.get().body().contains("\"release\":\"two\""), reply.get()::body);
      } else {
        assertProblem(503, "unavailable", reply.get());
      }
    }
  }

  /** Who speaks for another tenant is refused before anything is written. */
  @Test
  void samples_oneOfAnotherTenantAmongThem_areForbiddenAndNoneIsWritten() throws Exception {
    String own = "{\"id\":\"own\",\"domain\":\"mails\",\"text\":\"Your order has left.\"}";
    String foreign = own.replace("}", ",\"tenant\":\"other\"}");
    try (Gateway gateway = open(LIMIT, null);
        Committed samples = loop.committed(loop.topics().samples())) {
      int before = samples.all().size();
      assertEquals(403, status(gateway, "POST /v1/samples", "key-of-acme", own + "\n" + foreign));
      assertEquals(200, status(gateway, "POST /v1/samples", "key-of-acme", own));
      samples.await(before + 1, LIMIT);
      assertEquals(before + 1, samples.all().size());
    }
  }

  @Test
  void samples_manyAreRefused_areCountedAndTheFirstHundredAreTold() throws Exception {
    String own = "{\"domain\":\"mails\",\"text\":\"Your order has left our house.\"}";
    String body = "0\n".repeat(150) + own;
    try (Gateway gateway = open(LIMIT, null)) {
      var reply = send(HttpClient.newHttpClient(), gateway, "/v1/samples", "key-of-acme", body);
      assertEquals(200, reply.get().statusCode(), reply.get()::body);
      JsonNode told = new ObjectMapper().readTree(reply.get().body());
      assertEquals(1, told.path("written").asInt(), told::toString);
      assertEquals(150, told.path("refusals").asInt(), told::toString);
      assertEquals(100, told.path("refused").size(), told::toString);
    }
  }

  /** As when a file is sent for one domain, then for another: it was not written for that one. */
  @Test
  void samples_keyOfACallWithAnotherDomain_areRefused() throws Exception {
    String body = "{\"text\":\"Your order has left our house.\"}";
    String call = "POST /v1/samples?domain=";
    String headers = "Authorization: Bearer key-of-acme\r\nIdempotency-Key: one";
    try (Gateway gateway = open(LIMIT, null)) {
      String first = exchange(gateway, call + "mails", "a", body, headers);
      assertTrue(first.startsWith("HTTP/1.1 200 "), first);
      String other = exchange(gateway, call + "letters", "a", body, headers);
      assertTrue(other.startsWith("HTTP/1.1 422 "), other);
      assertTrue(other.contains("idempotency_key_reused"), other);
      String again = exchange(gateway, call + "mails", "a", body, headers);
      assertTrue(again.startsWith("HTTP/1.1 200 "), again);
      assertEquals(reply(first), reply(again));
      String of = headers.replace("key-of-acme", "key-of-other");
      String tenants = exchange(gateway, call + "mails", "a", body, of);
      assertTrue(tenants.startsWith("HTTP/1.1 200 "), tenants);
      assertNotEquals(reply(first), reply(tenants), "another tenant's call is another");
      String second = headers.replace(": one", ": two");
      String named = "{\"domain\":\"mails\",\"text\":\"Your order has left our house.\"}";
      String none = exchange(gateway, "POST /v1/samples", "a", named, second);
      assertTrue(none.startsWith("HTTP/1.1 200 "), none);
      String called = exchange(gateway, call + "null", "a", named, second);
      assertTrue(called.startsWith("HTTP/1.1 422 "), called);
    }
  }

  private static String reply(String response) {
    return response.split("\r\n\r\n", 2)[1];
  }

  @Test
  void samples_queryThatNamesNoDomain_areRefused() throws Exception {
    String body = "{\"text\":\"Your order has left our house.\"}";
    String key = "Authorization: Bearer key-of-acme";
    try (Gateway gateway = open(LIMIT, null)) {
      for (String query :
          List.of("domian=mails", "domain=%zz", "domain=a&domain=b", "x=1&domain=a")) {
        String reply = exchange(gateway, "POST /v1/samples?" + query, "a", body, key);
        assertTrue(reply.startsWith("HTTP/1.1 400 "), reply);
        assertTrue(reply.contains("bad_query"), reply);
      }
      String reply = exchange(gateway, "POST /v1/samples?", "a", body, key);
      assertTrue(reply.startsWith("HTTP/1.1 200 "), reply);
    }
  }

  /** Bodies that do not come to their end keep their calls under way, and no other tenant's. */
  @Test
  void samples_moreCallsThanATenantMayHave_areTooManyUntilOneIsWritten() throws Exception {
    String body = "{\"domain\":\"mails\",\"text\":\"Your order has left our house.\"}";
    try (Gateway gateway = open(LIMIT, null);
        Socket one = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
        Socket two = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
      for (Socket slow : List.of(one, two)) {
        String key = "Authorization: Bearer key-of-acme";
        send(slow, "POST /v1/samples", "a", body.substring(0, 9), body.length(), key);
      }
      awaitUnderWay(2, gateway);
      assertEquals(429, status(gateway, "POST /v1/samples", "key-of-acme", body));
      assertEquals(429, status(gateway, "POST /v1/feedback", "key-of-acme", body));
      assertEquals(200, status(gateway, "POST /v1/samples", "key-of-other", body));
      one.getOutputStream().write(body.substring(9).getBytes(UTF_8));
      String written = new String(one.getInputStream().readAllBytes(), UTF_8);
      assertTrue(written.startsWith("HTTP/1.1 200 "), written);
      awaitUnderWay(1, gateway);
      assertEquals(200, status(gateway, "POST /v1/samples", "key-of-acme", body));
    }
  }

  /** Each body that does not come to its end holds a thread of the server's. */
  @Test
  void bodies_moreThanATenantMayBeSending_areTooManyUntilOneHasCome() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try (Gateway gateway = open(LIMIT, null)) {
      try {
        for (int i = 0; i < 64; i++) {
          slow.add(sending(gateway, "key-of-acme", 2));
        }
        awaitFull(slow, 2, gateway, i -> "key-of-acme");
        assertEquals(400, status(gateway, "POST /v1/completions", "key-of-other", "{}"));
        slow.get(0).getOutputStream().write('}');
        awaitStatus(400, gateway, "key-of-acme");
      } finally {
        for (Socket one : slow) {
          one.close();
        }
      }
    }
  }

  /** A few calls of the largest size each filled the heap. */
  @Test
  void bodies_moreBytesThanATenantMayHaveUnderWay_areTooManyAndOtherTenantsGoOn() throws Exception {
    int half = (int) (Runtime.getRuntime().maxMemory() / 32 / 2); // of what one tenant may
    Map<String, String> set = Map.of("gateway.bodyBytes", String.valueOf(half));
    List<Socket> slow = new ArrayList<>();
    try (Gateway gateway = openTo(List.of("a", "b"), loop.config().with(set))) {
      try {
        slow.add(sending(gateway, "key-of-a", half));
        slow.add(sending(gateway, "key-of-a", half));
        awaitFull(slow, half, gateway, i -> "key-of-a");
        assertEquals(400, status(gateway, "POST /v1/completions", "key-of-b", "{}"));
      } finally {
        for (Socket one : slow) {
          one.close();
        }
      }
      awaitStatus(400, gateway, "key-of-a");
    }
  }

  /** No thread was left for anybody else: not for a look at /health either. */
  @Test
  void bodies_moreThanAllTenantsMayBeSending_areTooManyAndOtherCallsGoOn() throws Exception {
    List<String> tenants = List.of("a", "b", "c", "d", "e");
    List<Socket> slow = new ArrayList<>();
    try (Gateway gateway = openTo(tenants)) {
      try {
        for (int i = 0; i < 300; i++) {
          slow.add(sending(gateway, "key-of-" + tenants.get(i % tenants.size()), 2));
        }
        awaitFull(slow, 2, gateway, i -> "key-of-" + tenants.get(i % tenants.size()));
        assertEquals(200, status(gateway, "GET /health", "key-of-a", ""));
      } finally {
        for (Socket one : slow) {
          one.close();
        }
      }
    }
  }

  /** Each call that waits for the broker holds a thread, and no bound was on all of them. */
  @Test
  void calls_brokerTakesNothing_areRefusedBeyondABoundAndOthersGoOn() throws Exception {
    List<String> tenants = List.of("a", "b", "c");
    MillraceConfig config =
        loop.config().with(Map.of("kafka.client.interceptor.classes", HeldSends.class.getName()));
    List<Socket> callers = new ArrayList<>();
    try (Gateway gateway = openTo(tenants, config);
        HeldSends.Hold sends = HeldSends.hold(RecordWriter.MOST_WAITING)) {
      long end = System.nanoTime() + LIMIT.toNanos();
      do { // some may be refused for the bodies that come at the same moment
        assertTrue(System.nanoTime() < end, "too few wait");
        for (int i = 0; i < 300; i++) {
          callers.add(asking(gateway, "key-of-" + tenants.get(i % tenants.size())));
        }
      } while (!sends.await());
      for (String path : List.of("/health", "/metrics", "/v1/models")) {
        assertEquals(200, status(gateway, "GET " + path, "key-of-a", ""), path);
      }
      HttpClient client = HttpClient.newHttpClient();
      assertProblem(503, "unavailable", ask(client, gateway, "key-of-a", ASK).get());
    } finally {
      for (Socket one : callers) {
        one.close();
      }
    }
  }

  private Gateway openTo(List<String> tenants) throws IOException {
    return openTo(tenants, loop.config());
  }

  private Gateway openTo(List<String> tenants, MillraceConfig config) throws IOException {
    List<String> lines = tenants.stream().map(name -> "key-of-" + name + " " + name).toList();
    return Gateway.start(
        GatewayConfig.local(0, config.gateway()),
        config.kafka(),
        ApiKeys.read(Files.write(folder.resolve("tenants"), lines)),
        Adopting.unavailable("not asked for here"));
  }

  private static Socket asking(Gateway gateway, String key) throws IOException {
    Socket one = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
    send(one, "POST /v1/completions", "a", ASK, ASK.length(), "Authorization: Bearer " + key);
    return one;
  }

  /** A body that does not come to its end. */
  private static Socket sending(Gateway gateway, String key, int bodyBytes) throws IOException {
    Socket one = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
    send(one, "POST /v1/completions", "a", "{", bodyBytes, "Authorization: Bearer " + key);
    return one;
  }

  /** Who asks takes a place too, for a moment: a body that came just then is sent again. */
  private static void awaitFull(
      List<Socket> slow, int bodyBytes, Gateway gateway, IntFunction<String> keys)
      throws IOException {
    int found = 0;
    for (long end = System.nanoTime() + LIMIT.toNanos(); found != 429; ) {
      assertTrue(System.nanoTime() < end, "the status is " + found);
      for (int i = 0; i < slow.size(); i++) {
        if (slow.get(i).getInputStream().available() > 0) {
          slow.get(i).close();
          slow.set(i, sending(gateway, keys.apply(i), bodyBytes));
        }
      }
      found = status(gateway, "POST /v1/completions", keys.apply(0), "{}");
    }
  }

  /** Of a call that lacks all fields. */
  private static void awaitStatus(int wanted, Gateway gateway, String key) throws IOException {
    int found = 0;
    for (long end = System.nanoTime() + LIMIT.toNanos(); found != wanted; ) {
      assertTrue(System.nanoTime() < end, "the status is " + found);
      found = status(gateway, "POST /v1/completions", key, "{}");
    }
  }

  /** Asked with a request for more than a tenant may ever have: it takes no other's place. */
  private static void awaitUnderWay(int wanted, Gateway gateway) throws IOException {
    int asked = IN_FLIGHT + 1;
    String body = ASK.replace("}", ",\"n\":" + asked + "}");
    String expected = (wanted + asked) + " requests under way";
    String found = "";
    for (long end = System.nanoTime() + LIMIT.toNanos(); !found.contains(expected); ) {
      assertTrue(System.nanoTime() < end, found);
      String key = "Authorization: Bearer key-of-acme";
      found = exchange(gateway, "POST /v1/completions", "a", body, key);
    }
  }

  private static int status(Gateway gateway, String call, String key, String body)
      throws IOException {
    String reply = exchange(gateway, call, "a", body, "Authorization: Bearer " + key);
    return Integer.parseInt(reply.split(" ", 3)[1]);
  }

  /** And the request is taken back, by no thread that others wait for: nobody hears its answer. */
  @Test
  void call_noServeJob_isLateAndCancelled() throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    KafkaConfig kafka =
        loop.config()
            .with(Map.of("kafka.client.partitioner.class", SendingThreads.class.getName()))
            .kafka();
    try (Gateway gateway = open(Duration.ofMillis(200), null, kafka);
        Committed requests = loop.committed(loop.topics().requests())) {
      int before = requests.all().size();
      assertProblem(504, "timeout", ask(client, gateway, "key-of-acme", ASK).get());
      List<RawRecord> both = requests.await(before + 2, LIMIT);
      assertEquals(decode(both.get(before)).id(), decode(both.get(before + 1)).cancels());
      assertTrue(SendingThreads.NAMES.contains("millrace-cancel"), SendingThreads.NAMES::toString);
    }
  }

  @Test
  void drain_callUnderWay_isAnsweredAndNewOnesAreRefused() throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    try (Gateway gateway = open(LIMIT, null);
        Feed feed = loop.feed();
        Committed requests = loop.committed(loop.topics().requests())) {
      int before = requests.all().size();
      var call = ask(client, gateway, "key-of-acme", ASK);
      Request request = decode(requests.await(before + 1, LIMIT).get(before));
      FutureTask<Integer> draining = new FutureTask<>(() -> gateway.drain(LIMIT));
      new Thread(draining, "drain").start();
      awaitNotReady(gateway);
      assertProblem(503, "ending", ask(client, gateway, "key-of-other", ASK).get());
      feed.send(loop.topics().answers(), "", Codecs.answers().encode(answer(request))).get();
      assertEquals(200, call.get().statusCode(), call.get()::body);
      assertEquals(0, draining.get());
    }
  }

  /** Whoever asks waits for the broker to know it, and is told so half a minute later. */
  @Test
  void ready_topicOfRequestsIsGone_saysSo() throws Exception {
    KafkaConfig kafka = loop.config().with(Map.of("kafka.prefix", "lacking.")).kafka();
    String requests = Topics.create(kafka, 1).requests();
    try (Gateway gateway = open(LIMIT, null, kafka);
        Admin admin = Admin.create(KafkaTopics.clientProperties(kafka))) {
      assertEquals(200, status(gateway, "GET /ready", "key-of-acme", ""));
      admin.deleteTopics(List.of(requests)).all().get();
      String why = "";
      for (long end = System.nanoTime() + LIMIT.toNanos(); !why.contains(requests); ) {
        assertTrue(System.nanoTime() < end, why);
        why = exchange(gateway, "GET /ready", "a", "", "Authorization: Bearer key-of-acme");
      }
      assertTrue(why.startsWith("HTTP/1.1 503"), why);
      assertTrue(why.contains("has no topic " + requests), why);
    }
  }

  private static void awaitNotReady(Gateway gateway) throws IOException {
    int found = 0;
    for (long end = System.nanoTime() + LIMIT.toNanos(); found != 503; ) {
      assertTrue(System.nanoTime() < end, "the status is " + found);
      found = status(gateway, "GET /ready", "key-of-acme", "");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void drain_noAnswerInTime_callIsToldSoAndCancelled(boolean streamed) throws Exception {
    String body = ASK.replace("}", ",\"stream\":" + streamed + "}");
    try (Gateway gateway = open(Duration.ofMinutes(10), null);
        Committed requests = loop.committed(loop.topics().requests())) {
      int before = requests.all().size();
      var call = ask(HttpClient.newHttpClient(), gateway, "key-of-acme", body);
      Request request = decode(requests.await(before + 1, LIMIT).get(before));
      assertEquals(1, gateway.drain(Duration.ofMillis(1)));
      assertProblem(503, "ending", call.get());
      assertEquals(
          request.id(), decode(requests.await(before + 2, LIMIT).get(before + 1)).cancels());
    }
  }

  @Test
  void close_callUnderWay_isToldSo() throws Exception {
    CompletableFuture<HttpResponse<String>> call;
    try (Gateway gateway = open(LIMIT, null);
        Committed requests = loop.committed(loop.topics().requests())) {
      int before = requests.all().size();
      call = ask(HttpClient.newHttpClient(), gateway, "key-of-acme", ASK);
      requests.await(before + 1, LIMIT);
    }
    assertProblem(503, "ending", call.get());
  }

  /** Which threads send to the topics. */
  public static final class SendingThreads implements Partitioner {
    static final Queue<String> NAMES = new ConcurrentLinkedQueue<>();

    @Override
    public int partition(
        String topic, Object key, byte[] keyBytes, Object value, byte[] bytes, Cluster cluster) {
      NAMES.add(Thread.currentThread().getName());
      return 0;
    }

    @Override
    public void configure(Map<String, ?> configs) {}

    @Override
    public void close() {}
  }

  private static Request decode(RawRecord record) throws Exception {
    return record.as(Codecs.requests());
  }

  @Test
  void door_withAKeystore_speaksTlsAloneAndIsReady() throws Exception {
    Path store = folder.resolve("own.p12");
    Keytool.generate(store, "ip:127.0.0.1", KEYTOOLS);
    reseal(store);
    try (Gateway gateway = open(LIMIT, store)) {
      assertTrue(gateway.url().startsWith("https://"), gateway.url());
      HttpClient trusting = HttpClient.newBuilder().sslContext(trusting(store)).build();
      for (String path : List.of("/health", "/ready", "/metrics")) {
        HttpRequest look = HttpRequest.newBuilder(URI.create(gateway.url() + path)).build();
        assertEquals(200, trusting.send(look, BodyHandlers.ofString()).statusCode(), path);
      }
      HttpRequest plain =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.port() + "/health"))
              .build();
      assertThrows(
          IOException.class, () -> HttpClient.newHttpClient().send(plain, BodyHandlers.ofString()));
    }
  }

  /**
   * A page that an operator visits may send what a form may send. Without keys it would be obeyed:
   * so it is refused, also where its own name was made to lead to this machine.
   */
  @Test
  void door_withoutKeys_isClosedToOtherSitesPages() throws Exception {
    try (Gateway gateway =
        Gateway.start(
            GatewayConfig.local(0, loop.config().gateway()),
            loop.config().kafka(),
            ApiKeys.none(),
            Adopting.unavailable("not asked for here"))) {
      String host = "127.0.0.1:" + gateway.port();
      String form = "Content-Type: text/plain";
      for (String path : List.of("/v1/releases", "/v1/samples", "/v1/load_lora_adapter")) {
        refused(gateway, path, host, form, "Origin: http://evil.example");
        refused(gateway, path, host, form, "Origin: http://127.0.0.1:1");
        refused(gateway, path, host, form, "Origin: null");
        refused(gateway, path, host, form, "Sec-Fetch-Site: cross-site");
        refused(gateway, path, host, form, "Sec-Fetch-Site: same-site");
        String rebound = "evil.example:" + gateway.port();
        refused(gateway, path, rebound, form, "Origin: http://" + rebound);
        refused(gateway, path, "127.0.0.1.evil.example", form);
      }
      String asked = exchange(gateway, "GET /console/events", "evil.example", "");
      assertTrue(asked.startsWith("HTTP/1.1 403 "), asked);
      for (String name : List.of("localhost", "127.0.0.1", "[::1]", "LOCALHOST")) {
        let(gateway, "POST /v1/releases", name + ":" + gateway.port(), "{}", "action is missing");
      }
      String own = "Origin: http://" + host + "\r\nSec-Fetch-Site: same-origin";
      let(gateway, "POST /v1/releases", host, "{}", "action is missing", own);
      String link = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: ";
      String shown = exchange(gateway, "GET /console/", host, "", link + "document");
      assertTrue(shown.startsWith("HTTP/1.1 200 "), shown);
      assertTrue(shown.contains("frame-ancestors 'none'"), shown);
      String framed = exchange(gateway, "GET /console/", host, "", link + "iframe");
      assertTrue(framed.startsWith("HTTP/1.1 403 "), framed);
    }
    try (Gateway gateway = open(LIMIT, null)) {
      String key = "Authorization: Bearer key-of-acme\r\nOrigin: app://desktop";
      let(gateway, "POST /v1/feedback", "models.example", "{}", "answer is missing", key);
    }
  }

  private static void refused(Gateway gateway, String path, String host, String... headers)
      throws IOException {
    String reply =
        exchange(gateway, "POST " + path, host, "{\"text\":\"a sample of theirs\"}", headers);
    assertTrue(reply.startsWith("HTTP/1.1 403 "), reply);
    assertTrue(reply.contains("\"code\":\"forbidden\""), reply);
    assertTrue(reply.contains("expected"), reply);
  }

  /** The call comes as far as its body, which lacks a field. */
  private static void let(
      Gateway gateway, String call, String host, String body, String problem, String... headers)
      throws IOException {
    String reply = exchange(gateway, call, host, body, headers);
    assertTrue(reply.startsWith("HTTP/1.1 400 "), reply);
    assertTrue(reply.contains(problem), reply);
  }

  /**
   * What comes back for headers that Java's own client would not send. Head and body go at once: a
   * door that refuses before it reads does not find the body come after it has hung up.
   */
  private static String exchange(
      Gateway gateway, String call, String host, String body, String... headers)
      throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
      send(socket, call, host, body, body.length(), headers);
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }

  /** Sends a call with the first bytes of its body. */
  private static void send(
      Socket socket, String call, String host, String body, int bodyBytes, String... headers)
      throws IOException {
    StringBuilder head = new StringBuilder();
    head.append("%s HTTP/1.1\r\nHost: %s\r\n".formatted(call, host));
    head.append("Connection: close\r\nContent-Length: %d\r\n".formatted(bodyBytes));
    Stream.of(headers).forEach(header -> head.append(header).append("\r\n"));
    socket.getOutputStream().write(head.append("\r\n").append(body).toString().getBytes(UTF_8));
  }

  /** What the gateway opens it by here: keytool takes no password as short as none. */
  private static void reseal(Path store) throws Exception {
    KeyStore own = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      own.load(in, KEYTOOLS.toCharArray());
    }
    Key key = own.getKey(Keytool.ALIAS, KEYTOOLS.toCharArray());
    own.setKeyEntry(
        Keytool.ALIAS, key, secret().toCharArray(), own.getCertificateChain(Keytool.ALIAS));
    try (OutputStream out = Files.newOutputStream(store)) {
      own.store(out, secret().toCharArray());
    }
  }

  private static String secret() {
    return Secret.fromEnvironment(Secret.KEYSTORE_PASSWORD).orElse("");
  }

  private static SSLContext trusting(Path store) throws Exception {
    KeyStore own = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      own.load(in, secret().toCharArray());
    }
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry(Keytool.ALIAS, own.getCertificate(Keytool.ALIAS));
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }
}
