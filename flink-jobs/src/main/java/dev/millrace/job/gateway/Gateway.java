package dev.millrace.job.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.job.Adopting;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.job.console.Console;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Tail;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Codecs;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import io.javalin.http.staticfiles.Location;
import io.javalin.router.Endpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP in front of the topics: OpenAI's completions, chat, embeddings and models for asking, and
 * doors for samples and feedback to teach.
 */
public final class Gateway implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
  private static final String JSON = "application/json";
  private static final String EVENTS = "text/event-stream";
  private static final String CALLER = "caller";
  private static final int MOST_WATCHING = 32;

  /** Each holds a thread of the server's, which has 250. */
  private static final int MOST_STREAMING = 128;

  /** For what is said last to be written. */
  private static final Duration TELLING = Duration.ofSeconds(1);

  /** Of one account. Each holds such a thread, as long as the client takes to send it. */
  private static final int MOST_BODIES = 64;

  /** The console's page runs and shows what comes from here alone, and stands in no other page. */
  private static final String POLICY =
      "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

  private static final String PAGE = "/dev/millrace/job/console";
  private static final String CHARTS = "/META-INF/resources/webjars/uplot/1.6.30/dist/";

  private final GatewayConfig config;
  private final ApiKeys keys;
  private final InstantSource clock = InstantSource.system();
  private final Meter meter = new Meter();
  private final Admission admission;
  private final Admission streams;
  private final Admission bodies = new Admission("bodies", MOST_BODIES);

  /** Until their reply is written: of a client that does not read, no more of them wait. */
  private final Admission calls;

  private final CallsUnderWay underWay = new CallsUnderWay();
  private final RecordWriter writer;
  private final Desk desk;
  private final Asking asking;
  private final Catalogue catalogue = new Catalogue();
  private final SampleDoor samples;
  private final FeedbackDoor feedback;
  private final Console console;
  private final Verdicts verdicts;
  private final Operating operating;
  private final AdapterDoor adapters;
  private final Tail<Answer> answers;
  private final Tail<Chunk> chunks;
  private final Tail<ReleaseEvent> releases;
  private final Semaphore watching = new Semaphore(MOST_WATCHING);
  private final Semaphore streaming = new Semaphore(MOST_STREAMING);
  private final ReplyThreads replies = new ReplyThreads();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Javalin server;

  private Gateway(GatewayConfig config, KafkaConfig kafka, ApiKeys keys, Adopting adopting) {
    this.config = config;
    this.keys = keys;
    Topics topics = new Topics(kafka.prefix());
    admission = new Admission("requests", config.limits().inFlight());
    streams = new Admission("streams", config.limits().streams());
    calls =
        new Admission("calls", (int) Math.min(Integer.MAX_VALUE, 2L * config.limits().inFlight()));
    writer = new RecordWriter(kafka);
    desk = new Desk(writer, topics, Duration.ofMillis(config.limits().patienceMillis()));
    asking = new Asking(desk, admission, meter);
    samples = new SampleDoor(writer, topics, clock);
    feedback = new FeedbackDoor(desk, samples, meter);
    console = Console.start(kafka, clock);
    verdicts = new Verdicts(console::verdict);
    operating = new Operating(writer, topics, console);
    adapters = new AdapterDoor(adopting, catalogue, writer, topics);
    answers =
        Tail.start(
            topics.answers(),
            RecordReader.fromEnd(kafka, List.of(topics.answers())),
            Codecs.answers(),
            (answer, at) -> desk.take(answer));
    chunks =
        Tail.start(
            topics.chunks(),
            RecordReader.fromEnd(kafka, List.of(topics.chunks())),
            Codecs.chunks(),
            (chunk, at) -> desk.take(chunk));
    releases =
        Tail.start(
            topics.releases(),
            RecordReader.fromBeginning(kafka, List.of(topics.releases())),
            Codecs.releases(),
            (event, at) -> catalogue.take(event));
    server = Javalin.create(this::configure).start();
  }

  /**
   * Opens the door.
   *
   * @param adopting judges adapters that operators bring; closed with the door
   * @throws IllegalStateException if the broker does not answer, or the port is taken
   */
  public static Gateway start(
      GatewayConfig config, KafkaConfig kafka, ApiKeys keys, Adopting adopting) {
    return new Gateway(config, kafka, keys, adopting);
  }

  /** Where it listens. */
  public int port() {
    return server.port();
  }

  /** Where its clients begin, without a path. */
  public String url() {
    return "%s://%s:%d"
        .formatted(config.keystore() == null ? "http" : "https", config.host(), port());
  }

  /** Where people watch. */
  public String console() {
    return url() + "/console/";
  }

  private void configure(JavalinConfig javalin) {
    javalin.startup.showJavalinBanner = false;
    javalin.jetty.host = config.host();
    javalin.jetty.port = config.port();
    javalin.http.maxRequestSize = config.limits().bodyBytes();
    javalin.http.asyncTimeout = 0;
    javalin.http.compressionStrategy = CompressionStrategy.NONE;
    if (config.keystore() != null) {
      javalin.jetty.addConnector(this::tls);
    }
    javalin.routes.before(this::secure);
    javalin.routes.before("/v1/*", this::enter);
    javalin.routes.post("/v1/completions", this::complete);
    javalin.routes.post("/v1/chat/completions", this::chat);
    javalin.routes.post("/v1/embeddings", this::embed);
    javalin.routes.get("/v1/models", this::models);
    javalin.routes.get("/v1/models/{id}", this::model);
    javalin.routes.post("/v1/samples", this::teach);
    javalin.routes.post("/v1/feedback", this::feedback);
    javalin.routes.post("/v1/releases", this::order);
    javalin.routes.post("/v1/load_lora_adapter", this::load);
    javalin.routes.post("/v1/unload_lora_adapter", this::unload);
    javalin.routes.get("/", ctx -> ctx.redirect("/console/"));
    javalin.routes.get("/console/events", this::watch);
    javalin.staticFiles.add(
        files -> {
          files.hostedPath = "/console";
          files.directory = PAGE;
          files.location = Location.CLASSPATH;
        });
    javalin.routes.get(
        "/console/uPlot.js", ctx -> chart(ctx, "text/javascript", "uPlot.iife.min.js"));
    javalin.routes.get("/console/uPlot.css", ctx -> chart(ctx, "text/css", "uPlot.min.css"));
    javalin.routes.get("/health", ctx -> ctx.contentType(JSON).result("{\"status\":\"up\"}"));
    javalin.routes.get("/ready", this::ready);
    javalin.routes.get("/metrics", ctx -> ctx.contentType(Meter.TEXT).result(meter.scrape()));
    javalin.routes.exception(Exception.class, (failure, ctx) -> fail(ctx, failure));
    javalin.routes.exception(
        HttpResponseException.class,
        (failure, ctx) -> fail(ctx, ApiProblem.http(failure.getStatus(), failure.getMessage())));
    javalin.routes.after(ctx -> meter.call(route(ctx), ctx.statusCode()));
  }

  /** Before anything else. */
  private void secure(Context ctx) {
    ctx.header("Content-Security-Policy", POLICY);
    if (!keys.required()) {
      OwnPages.require(ctx);
    }
  }

  /** A call has come; it has ended when its reply is written. */
  private void enter(Context ctx) {
    ctx.attribute(CALLER, authorized(ctx));
    underWay.enter();
    whenEnded(ctx, underWay::leave);
  }

  /** Also where Javalin never comes to write. */
  private static void whenEnded(Context ctx, Runnable then) {
    org.eclipse.jetty.server.Request.addCompletionListener(
        ServletContextRequest.getServletContextRequest(ctx.req()), failure -> then.run());
  }

  /** A file of the chart library, out of its jar. */
  private static void chart(Context ctx, String type, String file) {
    ctx.contentType(type)
        .result(Objects.requireNonNull(Gateway.class.getResourceAsStream(CHARTS + file), file));
  }

  /** Sends the picture every second, as server-sent events, until the operator goes away. */
  private void watch(Context ctx) throws IOException, InterruptedException {
    if (!authorized(ctx).operator()) {
      throw ApiProblem.forbidden("the API key is not an operator's");
    }
    if (!watching.tryAcquire()) {
      throw ApiProblem.tooMany(MOST_WATCHING + " are watching, expected fewer");
    }
    ctx.contentType(EVENTS).header("Cache-Control", "no-store");
    try {
      OutputStream out = unbuffered(ctx);
      do {
        out.write(("event: picture\ndata: " + console.picture() + "\n\n").getBytes(UTF_8));
        out.flush();
      } while (!closing.await(1, TimeUnit.SECONDS));
    } catch (IOException e) {
      LOG.debug("an operator has gone away", e);
    } finally {
      watching.release();
    }
  }

  /** The server's own stream: flushing Javalin's, which may compress, does nothing. */
  private static OutputStream unbuffered(Context ctx) throws IOException {
    return ctx.res().getOutputStream();
  }

  private void order(Context ctx) {
    later(ctx, () -> operating.order(caller(ctx), Fields.of(body(ctx))).thenApply(Replies::place));
  }

  private void load(Context ctx) {
    later(ctx, () -> adapters.load(caller(ctx), Fields.of(body(ctx))).thenApply(Replies::adopted));
  }

  private void unload(Context ctx) {
    later(ctx, () -> adapters.unload(caller(ctx), Fields.of(body(ctx))).thenApply(Replies::place));
  }

  private void later(Context ctx, Supplier<CompletableFuture<ObjectNode>> call) {
    later(ctx, call, Gateway::json);
  }

  /**
   * Makes a call, and replies when there is what to reply. Javalin writes on the thread that ends
   * the future, and waits there for the client to read.
   */
  private <T> void later(
      Context ctx, Supplier<CompletableFuture<T>> call, BiConsumer<Context, T> writing) {
    String account = caller(ctx).account();
    Executor threads = replies.of(account);
    calls.enter(account, 1);
    whenEnded(ctx, () -> calls.leave(account, 1));
    CompletableFuture<T> reply = call.get();
    ctx.future(
        () ->
            reply
                .thenAcceptAsync(found -> writing.accept(ctx, found), threads)
                .exceptionallyAsync(failure -> failLater(ctx, failure), threads));
  }

  private Connector tls(Server jetty, HttpConfiguration http) {
    SslContextFactory.Server ssl = new SslContextFactory.Server();
    ssl.setKeyStorePath(String.valueOf(config.keystore()));
    ssl.setKeyStoreType("PKCS12");
    ssl.setKeyStorePassword(Secret.fromEnvironment(Secret.KEYSTORE_PASSWORD).orElse(""));
    http.addCustomizer(new SecureRequestCustomizer(false));
    ServerConnector connector =
        new ServerConnector(
            jetty, new SslConnectionFactory(ssl, "http/1.1"), new HttpConnectionFactory(http));
    connector.setHost(config.host());
    connector.setPort(config.port());
    return connector;
  }

  private ApiKeys.Caller authorized(Context ctx) {
    return keys.caller(ctx.header("Authorization"));
  }

  private static ApiKeys.Caller caller(Context ctx) {
    return Objects.requireNonNull(ctx.attribute(CALLER), CALLER);
  }

  private void complete(Context ctx) throws IOException, InterruptedException {
    generate(ctx, Generating.completion(Fields.of(body(ctx))), false, Replies::completion);
  }

  private void chat(Context ctx) throws IOException, InterruptedException {
    generate(ctx, Generating.chat(Fields.of(body(ctx))), true, Replies::chat);
  }

  private String body(Context ctx) {
    String account = caller(ctx).account();
    bodies.enter(account, 1);
    try {
      return ctx.body();
    } catch (IllegalArgumentException e) {
      throw ApiProblem.bad("unknown_charset", "the body's charset is not known: " + e.getMessage());
    } catch (Exception e) { // Kotlin declares none
      if (e instanceof IOException) {
        throw ApiProblem.bad("body_cut_off", "the body did not come to its end: " + e.getMessage());
      }
      throw e;
    } finally {
      bodies.leave(account, 1);
    }
  }

  /** How answers to a call are written. */
  private interface Writing {
    ObjectNode write(Generating asked, List<Answer> answers, Verdicts verdicts, long seconds);
  }

  private void generate(Context ctx, Generating asked, boolean chat, Writing writing)
      throws IOException, InterruptedException {
    ApiKeys.Caller caller = caller(ctx);
    Catalogue.Target target = catalogue.target(caller.tenant(), asked.model());
    long now = clock.millis();
    List<Request> requests = asked.requests(caller, target, now);
    if (asked.stream()) {
      Streaming stream = new Streaming(asked, requests, verdicts, chat, now / 1000);
      stream(
          ctx,
          caller,
          stream,
          () -> asking.each(caller, requests, asked.user(), stream::take),
          () -> requests.forEach(desk::abandon));
    } else {
      reply(
          ctx,
          () -> asking.all(caller, requests, asked.user()),
          (context, found) -> json(context, writing.write(asked, found, verdicts, now / 1000)));
    }
  }

  /**
   * Streams until all choices have ended, or one has failed, or the client is gone.
   *
   * @param cancelling ends what is then still asked: nobody waits for it
   */
  private void stream(
      Context ctx,
      ApiKeys.Caller caller,
      Streaming stream,
      Supplier<List<CompletableFuture<Answer>>> asking,
      Runnable cancelling)
      throws InterruptedException {
    streams.enter(caller.account(), 1);
    try {
      if (!streaming.tryAcquire()) {
        throw ApiProblem.tooMany(MOST_STREAMING + " streams are open, expected fewer");
      }
      try {
        stream.await(asking.get());
        write(ctx, stream);
      } finally {
        streaming.release();
        cancelling.run();
      }
    } finally {
      streams.leave(caller.account(), 1);
    }
  }

  private void write(Context ctx, Streaming stream) throws InterruptedException {
    try {
      stream.write(
          (release, base, from) -> {
            ctx.contentType(EVENTS).header("Cache-Control", "no-store");
            provenance(ctx, release, base, from);
          },
          unbuffered(ctx));
    } catch (IOException e) {
      LOG.debug("a client has gone away", e);
    }
  }

  private void embed(Context ctx) {
    ApiKeys.Caller caller = caller(ctx);
    Embedding asked = Embedding.of(Fields.of(body(ctx)));
    Catalogue.Target target =
        asked.media().isEmpty()
            ? catalogue.target(caller.tenant(), asked.model())
            : catalogue.placing(caller.tenant(), asked.model());
    reply(
        ctx,
        () ->
            OneRelease.ask(
                () -> asking.all(caller, asked.requests(caller, target, clock.millis()), null)),
        (context, found) ->
            json(context, Replies.embeddings(asked.model(), asked.base64(), found, verdicts)));
  }

  /** Writes the reply when all answers are there. */
  private void reply(
      Context ctx,
      Supplier<CompletableFuture<List<Answer>>> call,
      BiConsumer<Context, List<Answer>> writing) {
    later(
        ctx,
        call,
        (context, found) -> {
          Answer first = found.get(0);
          provenance(context, first.release(), first.base(), Replies.from(first));
          writing.accept(context, found);
        });
  }

  private void provenance(Context ctx, @Nullable String release, String base, String from) {
    ctx.header("Millrace-Base", base);
    ctx.header("Millrace-From", from);
    ctx.header("Millrace-Verdict", verdicts.word(release));
    if (release != null) {
      ctx.header("Millrace-Release", release);
    }
  }

  private void models(Context ctx) {
    json(ctx, Replies.models(catalogue.visible(caller(ctx).tenant())));
  }

  /** What one name stands for, of those that {@code model} may be. */
  private void model(Context ctx) {
    String tenant = caller(ctx).tenant();
    String id = ctx.pathParam("id");
    ReleaseEvent event =
        catalogue.target(tenant, id).release() == null
            ? catalogue.current(tenant, id)
            : named(tenant, id);
    json(ctx, event == null ? Replies.model(id, "millrace") : Replies.model(id, event));
  }

  private ReleaseEvent named(@Nullable String tenant, String release) {
    ReleaseEvent event = console.named(release);
    if (event == null || (event.tenant() != null && !event.tenant().equals(tenant))) {
      throw ApiProblem.noModel("the topic names no release " + release);
    }
    return event;
  }

  /** Counted before its body is read, which a client may send as slowly as it likes. */
  private void teach(Context ctx) {
    ApiKeys.Caller caller = caller(ctx);
    later(
        ctx,
        () ->
            admission.during(
                caller.account(),
                () ->
                    samples.take(
                        caller,
                        body(ctx),
                        ctx.queryParam("domain"),
                        ctx.header("Idempotency-Key"))),
        (context, reply) -> context.contentType(JSON).result(reply));
  }

  private void feedback(Context ctx) {
    ApiKeys.Caller caller = caller(ctx);
    later(
        ctx,
        () ->
            admission.during(caller.account(), () -> feedback.take(caller, Fields.of(body(ctx)))));
  }

  private void ready(Context ctx) {
    boolean hears = answers.isAlive() && chunks.isAlive() && releases.isAlive();
    boolean ready = hears && !underWay.isEnding();
    ctx.status(ready ? 200 : 503);
    json(
        ctx,
        Fields.JSON
            .createObjectNode()
            .put("ready", ready)
            .put("keys", keys.required())
            .put("unserved", console.unserved()));
  }

  private static Context json(Context ctx, ObjectNode body) {
    return ctx.contentType(JSON).result(body.toString());
  }

  private static @Nullable Void failLater(Context ctx, Throwable failure) {
    fail(ctx, failure);
    return null;
  }

  private static void fail(Context ctx, Throwable failure) {
    ApiProblem problem = ApiProblem.of(failure);
    boolean told = failure instanceof ApiProblem || failure.getCause() instanceof ApiProblem;
    boolean unavailable = problem.status() == HttpStatus.SERVICE_UNAVAILABLE.getCode();
    if (unavailable && told && !problem.code().equals(ApiProblem.ENDING)) {
      LOG.warn("{} {}: {}", ctx.method(), ctx.path(), problem.getMessage());
    } else if (unavailable && !told) {
      LOG.error("{} {} failed", ctx.method(), ctx.path(), failure);
    }
    json(ctx.status(problem.status()), Replies.error(problem));
  }

  /** As it was registered, so that callers cannot make up labels of metrics. */
  private static String route(Context ctx) {
    Endpoint matched = ctx.endpoints().matchedHttpEndpoint();
    return matched == null ? "none" : matched.path;
  }

  /**
   * Lets no more calls in, and those that are under way end.
   *
   * @param most how long they may take; those that take longer are told that no answer comes
   * @return how many those are
   */
  public int drain(Duration most) throws InterruptedException {
    int late = underWay.end(most);
    if (late > 0) {
      desk.end();
      int unused = underWay.end(TELLING);
    }
    return late;
  }

  /** Whoever still waits is told that no answer comes. */
  @Override
  public void close() {
    closing.countDown();
    try {
      int unused = drain(Duration.ZERO);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server.stop();
    replies.close();
    desk.close();
    console.close();
    Tail.close(List.of(answers, chunks, releases));
    adapters.close();
    writer.close();
  }
}
