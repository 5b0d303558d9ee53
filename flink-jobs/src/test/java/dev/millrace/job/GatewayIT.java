package dev.millrace.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.TokenUsage;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.gateway.ApiKeys;
import dev.millrace.job.gateway.Gateway;
import dev.millrace.job.gateway.GatewayConfig;
import dev.millrace.job.io.RawRecord;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The door, before both jobs: what it writes teaches, and a client that is not ours can ask. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class GatewayIT {

  private static final Map<String, String> SETTINGS =
      Map.of("batch.count", "8", "batch.spanMillis", "1000000", "heldOut.everyNth", "3");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final int STREAMED_TOKENS = 64;

  /** Between two lots of samples: learning must keep up. */
  private static final int POLLS = 10;

  private static final String ACME = "key-of-acme";
  private static final String OTHER = "key-of-other";
  private static final String CHIEF = "key-of-the-chief-of-acme";
  private static final String OPERATOR = "key-of-the-operator";

  private final HttpClient client = HttpClient.newHttpClient();
  private final Random random = new Random(7);
  private int port;

  @Test
  void door_beforeBothJobs_teachesAndAnswersByTenant(@TempDir Path folder) throws Exception {
    Path keys =
        Files.writeString(
            folder.resolve("keys"),
            "# who may call\n%s acme\n%s other\n%s - operator\n%s acme operator\n"
                .formatted(ACME, OTHER, OPERATOR, CHIEF));
    try (EmbeddedStack stack = EmbeddedStack.start(1, 8)) {
      Loop loop = Loop.create(stack, 1, SETTINGS);
      loop.serve(TinyParts.servings(loop.config()));
      loop.learn(TinyParts.learners(loop.config()));
      try (Gateway gateway =
          Gateway.start(
              GatewayConfig.local(0, loop.config().gateway()),
              loop.config().kafka(),
              ApiKeys.read(keys),
              new TopicAdopting(loop.config(), TinyParts.adopting(loop.config())))) {
        port = gateway.port();
        refusesWhatItCannotServe();
        String release = teachUntilThereIsARelease();
        answersByRelease(release);
        tellsLogProbs();
        embeds();
        placesMedia();
        tellsOfOneModel(release);
        keepsTenantsApart(release);
        Map<String, Origin> corrections = feedbackTeaches(loop);
        answersAClientThatIsNotOurs(release);
        streamsWhileItComputes(loop);
        cancelsWhatNobodyHears(loop);
        loadsWhatTheGateLetsPass(folder, TinyParts.heldOut(loop.config()));
        aReleaseNames(corrections, loop);
        operatorWatchesAndPins(release);
        countsWhatItDid();
      }
    }
  }

  private void refusesWhatItCannotServe() throws Exception {
    assertEquals(401, post("/v1/completions", null, "{}").statusCode());
    assertEquals(404, get("/nowhere", ACME).statusCode());
    assertError(404, "expected base", "/v1/completions", "{'model':'cloud','prompt':'a'}");
    assertError(400, "temperature is 9.0", "/v1/completions", generate("base", ",'temperature':9"));
    assertError(400, "logit_bias", "/v1/completions", generate("base", ",'logit_bias':{'5':1}"));
    assertError(400, "colour is 3", "/v1/completions", generate("base", ",'colour':3"));
    assertError(400, "messages is null", "/v1/chat/completions", "{'model':'base'}");
    assertError(400, "empty-text", "/v1/samples", "{'id':'a','text':' '}");
    assertError(403, "tenant other", "/v1/samples", "{'id':'a','text':'abc','tenant':'other'}");
  }

  /** A second call under one idempotency key has the first one's reply: the same offsets. */
  private String teachUntilThereIsARelease() throws Exception {
    for (int poll = 0; true; poll++) {
      if (poll % POLLS == 0) {
        teachOnceUnderAKey("call-" + poll);
      }
      for (JsonNode model : json(get("/v1/models", ACME)).path("data")) {
        if (model.path("id").asText().equals("cloud")) {
          assertEquals("acme", model.path("owned_by").asText());
          return model.path("millrace").path("release").asText();
        }
      }
      Thread.sleep(100);
    }
  }

  private void teachOnceUnderAKey(String key) throws Exception {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      lines.append(
          "{\"document\":\"d%d\",\"text\":\"%s\"}%n"
              .formatted(random.nextInt(), Feed.words(random)));
    }
    JsonNode first = teach(lines.toString(), key);
    assertEquals(8, first.path("written").asInt(), first::toString);
    assertEquals(first, teach(lines.toString(), key));
  }

  private JsonNode teach(String lines, String idempotencyKey) throws Exception {
    HttpRequest request =
        request("/v1/samples?domain=cloud", ACME)
            .header("Idempotency-Key", idempotencyKey)
            .POST(BodyPublishers.ofString(lines))
            .build();
    return json(client.send(request, BodyHandlers.ofString()));
  }

  /** The same seed, the same text, and the header says who answered. */
  private void answersByRelease(String atLeast) throws Exception {
    String body = generate("cloud", ",'seed':3,'n':2");
    HttpResponse<String> first = awaitAnswer(body, GatewayIT::isAccepted);
    JsonNode completion = json(first);
    assertEquals(2, completion.path("choices").size());
    assertEquals("length", completion.path("choices").path(0).path("finish_reason").asText());
    assertUsage(2, completion.path("usage"));
    assertNotEquals(0, completion.path("millrace").path("learned_to").size());
    assertEquals(completion.path("millrace").path("base").asText(), header("Millrace-Base", first));
    assertEquals(completion.path("millrace").path("from").asText(), header("Millrace-From", first));
    JsonNode gate = completion.path("millrace").path("gate");
    assertEquals("accepted", gate.path("verdict").asText());
    assertTrue(gate.path("rules").toString().contains("\"better-than-incumbent\",\"passed\":true"));
    String pinned = generate(atLeast, ",'seed':3,'user':'one'"); // both to one subtask
    JsonNode choices = json(post("/v1/completions", ACME, pinned)).path("choices");
    HttpResponse<String> again = post("/v1/completions", ACME, pinned);
    assertEquals(choices, json(again).path("choices"));
    assertEquals("l1", header("Millrace-From", again));
    assertUsage(1, json(again).path("usage"));
    HttpResponse<String> stream =
        awaitAnswer(generate("cloud", ",'stream':true"), reply -> !release(reply).isEmpty());
    assertTrue(stream.body().startsWith("data: {"), stream::body);
    assertTrue(stream.body().endsWith("data: [DONE]\n\n"), stream::body);
    assertFalse(stream.body().contains("\"usage\""), stream::body);
    assertUsage(2, lastEvent(streamed("{'include_usage':true},'n':2")).path("usage"));
    assertFalse(streamed("{'include_usage':false}").contains("\"usage\""));
    assertError(400, "colour is 3", "/v1/completions", generate("cloud", options("{'colour':3}")));
  }

  /** In both shapes, whole, from the cache and in parts: the same values. */
  private void tellsLogProbs() throws Exception {
    assertError(400, "logprobs is 5", "/v1/completions", generate("base", ",'logprobs':5"));
    String asking = generate("base", ",'temperature':0,'user':'one','logprobs':0");
    HttpResponse<String> first = post("/v1/completions", ACME, asking);
    JsonNode choice = json(first).path("choices").path(0);
    JsonNode told = choice.path("logprobs");
    assertEquals(8, told.path("token_logprobs").size(), choice::toString);
    assertEquals(choice.path("text").textValue(), joined(told.path("tokens")));
    assertEquals("[0,1,2,3,4,5,6,7]", told.path("text_offset").toString());
    assertTrue(
        StreamSupport.stream(told.path("token_logprobs").spliterator(), false)
            .allMatch(value -> value.doubleValue() < 0),
        told::toString);
    HttpResponse<String> again = post("/v1/completions", ACME, asking);
    assertEquals("l1", header("Millrace-From", again));
    assertEquals(choice, json(again).path("choices").path(0));
    JsonNode plain = json(post("/v1/completions", ACME, asking.replace(",'logprobs':0", "")));
    assertEquals(choice.path("text"), plain.path("choices").path(0).path("text"));
    assertTrue(plain.path("choices").path(0).path("logprobs").isNull(), plain::toString);
    String computed = asking.replace("quick", "slow");
    ArrayNode values = JSON.createArrayNode();
    ArrayNode offsets = JSON.createArrayNode();
    String stream = computed.replace(",'logprobs'", ",'stream':true,'logprobs'");
    for (JsonNode event : events(post("/v1/completions", ACME, stream).body())) {
      JsonNode more = event.path("choices").path(0).path("logprobs");
      more.path("token_logprobs").forEach(values::add);
      more.path("text_offset").forEach(offsets::add);
    }
    JsonNode whole = json(post("/v1/completions", ACME, computed)).path("choices").path(0);
    assertEquals(whole.path("logprobs").path("token_logprobs"), values);
    assertEquals(whole.path("logprobs").path("text_offset"), offsets);
    String chat =
        "{'model':'base','max_tokens':8,'logprobs':true,'messages':[{'role':'user','content':'a'}]}";
    JsonNode said = json(post("/v1/chat/completions", ACME, chat)).path("choices").path(0);
    JsonNode content = said.path("logprobs").path("content");
    assertEquals(8, content.size(), said::toString);
    assertTrue(content.path(0).path("logprob").doubleValue() < 0, said::toString);
    assertFalse(content.path(0).path("bytes").isEmpty(), said::toString);
    List<JsonNode> deltas =
        events(post("/v1/chat/completions", ACME, chat.replace("8,", "8,'stream':true,")).body());
    assertEquals(
        8,
        deltas.stream()
            .mapToInt(e -> e.path("choices").path(0).path("logprobs").path("content").size())
            .sum());
  }

  private static String joined(JsonNode texts) {
    return StreamSupport.stream(texts.spliterator(), false)
        .map(JsonNode::textValue)
        .collect(Collectors.joining());
  }

  private static List<JsonNode> events(String stream) {
    return stream
        .lines()
        .filter(line -> line.startsWith("data: {"))
        .map(line -> json(line.substring("data: ".length())))
        .toList();
  }

  private String streamed(String options) throws Exception {
    return post("/v1/completions", ACME, generate("cloud", options(options))).body();
  }

  private static JsonNode lastEvent(String stream) {
    List<String> events = Arrays.asList(stream.split("\n\n"));
    return json(events.get(events.size() - 2).substring("data: ".length()));
  }

  /** Of choices of {@link #generate}'s prompt, which the tiny base reads byte by byte. */
  private static void assertUsage(int choices, JsonNode usage) {
    int prompt = "The quick".length();
    assertEquals(prompt, usage.path("prompt_tokens").asInt(), usage::toString);
    assertEquals(8 * choices, usage.path("completion_tokens").asInt(), usage::toString);
    assertEquals(prompt + 8 * choices, usage.path("total_tokens").asInt(), usage::toString);
  }

  private static String options(String options) {
    return ",'stream':true,'stream_options':" + options;
  }

  /** As numbers, and in base 64, which OpenAI's own clients ask for: the same floats. */
  private void embeds() throws Exception {
    String body = "{'model':'cloud','input':['one','two']%s}";
    JsonNode reply = json(post("/v1/embeddings", ACME, body.formatted("")));
    assertEquals("{\"prompt_tokens\":6,\"total_tokens\":6}", reply.path("usage").toString());
    JsonNode numbers = reply.path("data");
    assertEquals(2, numbers.size());
    assertFalse(numbers.path(1).path("embedding").isEmpty());
    JsonNode packed =
        json(post("/v1/embeddings", ACME, body.formatted(",'encoding_format':'base64'")));
    for (int i = 0; i < 2; i++) {
      String text = packed.path("data").path(i).path("embedding").textValue();
      FloatBuffer floats =
          ByteBuffer.wrap(Base64.getDecoder().decode(text))
              .order(ByteOrder.LITTLE_ENDIAN)
              .asFloatBuffer();
      assertEquals(numbers.path(i).path("embedding").size(), floats.remaining());
      for (JsonNode value : numbers.path(i).path("embedding")) {
        assertEquals(value.floatValue(), floats.get());
      }
    }
    assertError(
        400,
        "encoding_format is \"hex\"",
        "/v1/embeddings",
        body.formatted(",'encoding_format':'hex'"));
    for (String format : List.of("float", "base64")) {
      OpenAiEmbeddingModel model =
          OpenAiEmbeddingModel.builder()
              .baseUrl("http://127.0.0.1:" + port + "/v1")
              .apiKey(ACME)
              .modelName("base")
              .encodingFormat(format)
              .build();
      float[] vector = model.embed("one").content().vector();
      assertEquals(numbers.path(0).path("embedding").size(), vector.length);
      assertEquals(numbers.path(0).path("embedding").path(0).floatValue(), vector[0]);
    }
  }

  /** Pictures and words in one space; what cannot be decoded is refused in OpenAI's shape. */
  private void placesMedia() throws Exception {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "png", png);
    String picture = placed("data:image/png;base64," + base64(png.toByteArray()));
    String body = "{'model':'cloud','input':[%s,{'content':[{'type':'text','text':'black'}]}]}";
    JsonNode reply = json(post("/v1/embeddings", ACME, body.formatted(picture)));
    JsonNode data = reply.path("data");
    assertEquals(2, data.size(), reply::toString);
    assertEquals(5, reply.path("usage").path("prompt_tokens").asInt(), reply::toString);
    assertEquals(1, data.path(0).path("embedding").path(0).asDouble());
    assertEquals(1, data.path(1).path("embedding").path(2).asDouble());
    assertTrue(reply.path("millrace").path("release").isNull(), reply::toString);
    String broken = placed("data:image/png;base64," + base64(new byte[] {1, 2, 3}));
    assertError(400, "media-unknown", "/v1/embeddings", body.formatted(broken));
    String large = placed("data:image/png;base64," + base64(new byte[600_000]));
    assertError(400, "too-long", "/v1/embeddings", body.formatted(large));
  }

  private static String placed(String url) {
    return "{'content':[{'type':'image_url','image_url':{'url':'%s'}}]}".formatted(url);
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** Each name that {@code model} may be can be looked at, by those who may ask it. */
  private void tellsOfOneModel(String release) throws Exception {
    for (String name : List.of("base", "auto", "cloud", release)) {
      assertEquals(name, json(get("/v1/models/" + name, ACME)).path("id").asText());
    }
    JsonNode named = json(get("/v1/models/" + release, ACME));
    assertEquals(release, named.path("millrace").path("release").asText(), named::toString);
    for (String name : List.of("nothing", "cloud", release)) {
      HttpResponse<String> hidden = get("/v1/models/" + name, OTHER);
      assertEquals(404, hidden.statusCode(), hidden::body);
      assertEquals("model_not_found", json(hidden).path("error").path("code").asText());
    }
    assertEquals(404, get("/v1/models/" + "0".repeat(64), ACME).statusCode());
  }

  private void keepsTenantsApart(String release) throws Exception {
    assertEquals(1, json(get("/v1/models", OTHER)).path("data").size());
    assertEquals(404, post("/v1/completions", OTHER, generate("cloud", "")).statusCode());
    assertEquals(404, post("/v1/completions", OTHER, generate(release, "")).statusCode());
  }

  /**
   * A correction is a sample whose document is the answer. Several, for the scorer may refuse one;
   * and enough after them to end their batch.
   */
  private Map<String, Origin> feedbackTeaches(Loop loop) throws Exception {
    Map<String, Origin> corrections = new HashMap<>();
    try (Committed samples = loop.committed(loop.topics().samples())) {
      for (int i = 0; i < 3; i++) {
        Sample correction = correct(samples, TinyParts.heldOut(loop.config()));
        corrections.put(correction.id(), correction.origin());
      }
    }
    for (int i = 0; i < 3; i++) {
      teachOnceUnderAKey("after the corrections " + i);
    }
    return corrections;
  }

  /** A release that learned a correction names it, with its place. */
  private static void aReleaseNames(Map<String, Origin> corrections, Loop loop) throws Exception {
    try (Committed releases = loop.committed(loop.topics().releases())) {
      List<LearnedSample> named = List.of();
      int seen = 0;
      while (named.isEmpty()) {
        List<RawRecord> so = releases.await(seen + 1, LIMIT);
        named =
            lessons(so).stream()
                .filter(sample -> corrections.containsKey(sample.sample()))
                .toList();
        seen = so.size();
      }
      named.forEach(sample -> assertEquals(corrections.get(sample.sample()), sample.origin()));
    }
  }

  /** Corrects an answer that is not to be held out; the sample, as it stands on its topic. */
  private Sample correct(Committed samples, HeldOut heldOut) throws Exception {
    String id = "";
    while (id.isEmpty() || heldOut.contains("acme", "cloud", document(id))) {
      id = json(post("/v1/completions", ACME, generate("cloud", ""))).path("id").asText();
    }
    String text = Feed.words(random);
    String body = "{'answer':'%s','rating':'down','text':'%s'}".formatted(id, text);
    assertError(400, "more than white space", "/v1/feedback", body.replace(text, " "));
    JsonNode taken = json(post("/v1/feedback", ACME, body));
    assertEquals(404, post("/v1/feedback", OTHER, body).statusCode());
    Origin at =
        new Origin(
            taken.path("topic").asText(),
            taken.path("partition").asInt(),
            taken.path("offset").asLong());
    RawRecord record =
        samples.all().stream()
            .filter(r -> r.origin().equals(at))
            .findAny()
            .orElseThrow(() -> new AssertionError(taken));
    Sample sample = record.as(Codecs.samples());
    assertEquals(taken.path("sample").asText(), sample.id());
    assertEquals(
        List.of("feedback", document(id), "acme", "cloud", text),
        Arrays.asList(
            sample.source(), sample.document(), sample.tenant(), sample.domain(), sample.text()));
    return sample;
  }

  private static String document(String completion) {
    return "answer:" + completion.replaceFirst("cmpl-", "");
  }

  /** What releases say that they learned. */
  private static List<LearnedSample> lessons(List<RawRecord> releases) throws Exception {
    List<LearnedSample> lessons = new ArrayList<>();
    for (RawRecord record : releases) {
      ReleaseEvent event = record.as(Codecs.releases());
      if (!event.release().isEmpty()) {
        Path manifest = TinyParts.path(event.uri()).resolve(Manifest.FILE);
        lessons.addAll(Manifest.parse(Files.readAllBytes(manifest)).learned());
      }
    }
    return lessons;
  }

  /** By a release, which says the same again; its domain may be at another by then. */
  private void answersAClientThatIsNotOurs(String release) {
    OpenAiChatModel model =
        OpenAiChatModel.builder()
            .baseUrl("http://127.0.0.1:" + port + "/v1")
            .apiKey(ACME)
            .modelName(release)
            .maxTokens(5)
            .temperature(0.0)
            .build();
    ChatResponse response = model.chat(UserMessage.from("Say something"));
    String said = response.aiMessage().text();
    assertFalse(said.isEmpty());
    assertEquals(said, model.chat("Say something"));
    TokenUsage usage = response.tokenUsage();
    assertEquals("user: Say something\nassistant:".length(), usage.inputTokenCount());
    assertEquals(usage.inputTokenCount() + usage.outputTokenCount(), usage.totalTokenCount());
  }

  /**
   * A client that is not ours hears a text, which is the answer. Some stream comes in parts and
   * begins before its answer is committed; which one does, is up to the checkpoints.
   */
  private void streamsWhileItComputes(Loop loop) throws Exception {
    OpenAiStreamingChatModel streaming =
        OpenAiStreamingChatModel.builder()
            .baseUrl("http://127.0.0.1:" + port + "/v1")
            .apiKey(ACME)
            .modelName("base")
            .maxTokens(STREAMED_TOKENS)
            .temperature(0.0)
            .build();
    try (Committed answers = loop.committed(loop.topics().answers())) {
      boolean ahead = false;
      while (!ahead) {
        String question = Feed.words(random).substring(0, 24);
        Parts parts = new Parts(answers);
        streaming.chat(question, parts);
        ChatResponse response = parts.response.get();
        String whole = response.aiMessage().text();
        assertEquals(whole, String.join("", parts.heard));
        assertEquals(whole, said(question));
        ahead = parts.heard.size() > 1 && parts.answersAtFirst <= before(answers, response.id());
      }
    }
    HttpResponse<String> refused =
        post("/v1/completions", ACME, generate("cloud", ",'stream':true,'temperature':9"));
    assertEquals(400, refused.statusCode());
    assertEquals("application/json", refused.headers().firstValue("Content-Type").orElse(""));
  }

  /** A client that hangs up in the middle of a stream takes its request out of the batch. */
  private void cancelsWhatNobodyHears(Loop loop) throws Exception {
    try (Committed answers = loop.committed(loop.topics().answers())) {
      boolean cancelled = false;
      while (!cancelled) {
        String body =
            "{'model':'base','prompt':'%s','max_tokens':%d,'stream':true}"
                .formatted(Feed.words(random).substring(0, 24), STREAMED_TOKENS);
        HttpRequest request =
            request("/v1/completions", ACME)
                .POST(BodyPublishers.ofString(body.replace('\'', '"')))
                .build();
        String id;
        try (BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(
                    client.send(request, BodyHandlers.ofInputStream()).body(), UTF_8))) {
          id = json(lines.readLine().substring(6)).path("id").asText();
        }
        Answer answer = answer(answers, id);
        cancelled = answer.error() != null && answer.error().startsWith("cancelled: by cancel-");
      }
    }
  }

  private static Answer answer(Committed answers, String id) throws Exception {
    while (true) {
      List<RawRecord> seen = answers.all();
      for (RawRecord record : seen) {
        Answer answer = record.as(Codecs.answers());
        if (id.endsWith(answer.request()) && !answer.request().startsWith("cancel-")) {
          return answer;
        }
      }
      answers.await(seen.size() + 1, LIMIT);
    }
  }

  /** The answer in one piece. */
  private String said(String question) throws Exception {
    String body =
        "{'model':'base','max_tokens':%d,'temperature':0,'messages':[{'role':'user','content':'%s'}]}"
            .formatted(STREAMED_TOKENS, question);
    JsonNode chat = json(post("/v1/chat/completions", ACME, body));
    return chat.path("choices").path(0).path("message").path("content").asText();
  }

  /** How many answers were committed before that one. */
  private static int before(Committed answers, String id) throws Exception {
    List<RawRecord> all = answers.all();
    for (int i = 0; i < all.size(); i++) {
      if (id.endsWith(all.get(i).as(Codecs.answers()).request())) {
        return i;
      }
    }
    throw new AssertionError("no answer to " + id);
  }

  /** What a streaming client is told, and how many answers were committed when it began. */
  private static final class Parts implements StreamingChatResponseHandler {
    private final Committed answers;
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final CompletableFuture<ChatResponse> response = new CompletableFuture<>();
    private volatile int answersAtFirst;

    private Parts(Committed answers) {
      this.answers = answers;
    }

    @Override
    public void onPartialResponse(String part) {
      if (heard.isEmpty()) {
        answersAtFirst = answers.all().size();
      }
      heard.add(part);
    }

    @Override
    public void onCompleteResponse(ChatResponse whole) {
      response.complete(whole);
    }

    @Override
    public void onError(Throwable failure) {
      response.completeExceptionally(failure);
    }
  }

  /** As clients of vLLM do: a folder is judged, serves, and is taken away again. */
  private void loadsWhatTheGateLetsPass(Path folder, HeldOut heldOut) throws Exception {
    teachWhatOnlyJudges(heldOut);
    String good = load(TinyParts.adapter(folder.resolve("good"), 1));
    assertEquals(403, post("/v1/load_lora_adapter", ACME, good).statusCode());
    HttpResponse<String> huge =
        post("/v1/load_lora_adapter", CHIEF, load(TinyParts.adapter(folder.resolve("huge"), 1e6f)));
    assertEquals(422, huge.statusCode(), huge::body);
    assertTrue(huge.body().contains("norm-of-change: root mean square"), huge::body);
    assertEquals(
        400, post("/v1/load_lora_adapter", CHIEF, load(folder.resolve("none"))).statusCode());
    HttpResponse<String> loaded = post("/v1/load_lora_adapter", CHIEF, good);
    assertEquals(200, loaded.statusCode(), loaded::body);
    String release = json(loaded).path("release").asText();
    String words = generate("words", "");
    awaitAnswer(words, response -> release(response).equals(release));
    String unload = "{'lora_name':'words'}";
    assertEquals(403, post("/v1/unload_lora_adapter", ACME, unload).statusCode());
    assertEquals(200, post("/v1/unload_lora_adapter", CHIEF, unload).statusCode());
    awaitAnswer(words, response -> response.statusCode() == 404);
    assertEquals(404, post("/v1/unload_lora_adapter", CHIEF, unload).statusCode());
  }

  private static String load(Path adapter) {
    return "{'lora_name':'words','lora_path':'%s'}".formatted(adapter);
  }

  /** Documents that are held out, too few to close a batch: learning has no part in this domain. */
  private void teachWhatOnlyJudges(HeldOut heldOut) throws Exception {
    String lines =
        IntStream.range(0, 100)
            .mapToObj(i -> "d" + i)
            .filter(document -> heldOut.contains("acme", "words", document))
            .limit(6)
            .map(
                document ->
                    "{\"document\":\"%s\",\"text\":\"%s\"}".formatted(document, Feed.words(random)))
            .collect(Collectors.joining("\n"));
    HttpRequest request =
        request("/v1/samples?domain=words", ACME).POST(BodyPublishers.ofString(lines)).build();
    JsonNode taken = json(client.send(request, BodyHandlers.ofString()));
    assertEquals(6, taken.path("written").asInt(), taken::toString);
  }

  /**
   * Asks again until a reply is as wanted: events, and the verdicts beside them, are on their way.
   */
  private HttpResponse<String> awaitAnswer(String body, Predicate<HttpResponse<String>> wanted)
      throws Exception {
    HttpResponse<String> reply = post("/v1/completions", ACME, body);
    while (!wanted.test(reply)) {
      reply = post("/v1/completions", ACME, body);
    }
    return reply;
  }

  private static boolean isAccepted(HttpResponse<String> response) {
    return header("Millrace-Verdict", response).equals("accepted");
  }

  private static String release(HttpResponse<String> response) {
    return header("Millrace-Release", response);
  }

  private static String header(String name, HttpResponse<String> response) {
    return response.headers().firstValue(name).orElse("");
  }

  /** What the console is told: counts, the domain, its curve; and what an operator may order. */
  private void operatorWatchesAndPins(String release) throws Exception {
    assertEquals(200, get("/console/", null).statusCode());
    assertTrue(get("/console/uPlot.js", null).body().contains("uPlot"));
    assertEquals(403, watch(ACME).statusCode());
    JsonNode domain = awaitDomain(seen -> seen.path("current").path("release").isTextual());
    assertEquals("cloud", domain.path("domain").asText());
    assertNotEquals(0, domain.path("curve").size());
    String order = "{'action':'pin','release':'%s','reason':'a test'}".formatted(release);
    assertEquals(403, post("/v1/releases", ACME, order).statusCode());
    assertEquals(404, post("/v1/releases", OPERATOR, order.replace(release, "f00")).statusCode());
    String endless = order.replace("a test", "a".repeat(4_097));
    assertTrue(post("/v1/releases", OPERATOR, endless).body().contains("reason is 4097 bytes"));
    assertEquals(200, post("/v1/releases", OPERATOR, order).statusCode());
    JsonNode pinned =
        awaitDomain(seen -> seen.path("current").path("action").asText().equals("pin"));
    assertEquals(release, pinned.path("current").path("release").asText());
  }

  /** The first domain of the first picture in which it is as wanted. */
  private JsonNode awaitDomain(Predicate<JsonNode> wanted) throws Exception {
    HttpResponse<Stream<String>> events = watch(OPERATOR);
    assertEquals(200, events.statusCode());
    try (Stream<String> lines = events.body()) {
      return lines
          .filter(line -> line.startsWith("data: "))
          .map(line -> json(line.substring("data: ".length())).path("domains").path(0))
          .filter(wanted)
          .findFirst()
          .orElseThrow();
    }
  }

  private HttpResponse<Stream<String>> watch(String key) throws Exception {
    HttpRequest request = request("/console/events", key).header("Accept-Encoding", "gzip").build();
    return client.send(request, BodyHandlers.ofLines());
  }

  private void countsWhatItDid() throws Exception {
    String metrics = get("/metrics", null).body();
    assertTrue(
        metrics.contains("millrace_gateway_calls_total{route=\"/v1/models\",status=\"200\"}"));
    assertTrue(metrics.contains("millrace_gateway_ratings_total{rating=\"down\"} 3.0"), metrics);
    assertTrue(metrics.contains("millrace_gateway_in_flight 0.0"), metrics);
    assertEquals(200, get("/ready", null).statusCode());
  }

  private static String generate(String model, String more) {
    return "{'model':'%s','prompt':'The quick','max_tokens':8%s}".formatted(model, more);
  }

  private void assertError(int status, String says, String path, String body) throws Exception {
    HttpResponse<String> response = post(path, ACME, body);
    assertEquals(status, response.statusCode(), response::body);
    String message = json(response).path("error").path("message").asText();
    assertTrue(message.contains(says), message);
  }

  private HttpResponse<String> post(String path, @Nullable String key, String body)
      throws Exception {
    HttpRequest request =
        request(path, key).POST(BodyPublishers.ofString(body.replace('\'', '"'))).build();
    return client.send(request, BodyHandlers.ofString());
  }

  private HttpResponse<String> get(String path, @Nullable String key) throws Exception {
    return client.send(request(path, key).GET().build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path, @Nullable String key) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    return key == null ? request : request.header("Authorization", "Bearer " + key);
  }

  private static JsonNode json(HttpResponse<String> response) {
    return json(response.body());
  }

  private static JsonNode json(String body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      throw new AssertionError(body, e);
    }
  }
}
