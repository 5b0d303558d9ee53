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
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.wire.Codecs;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HttpResponseException;
import io.javalin.http.staticfiles.Location;
import io.javalin.router.Endpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.flink.util.IOUtils;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP in front of the topics: OpenAI's completions, chat, embeddings and models for asking, and
 * doors for samples and feedback to teach.
 */
public final class Gateway implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
  private static final int MOST_WATCHING = 32;

  /** For those that may hold one, and 64 for all other calls. */
  private static final int THREADS =
      Calls.MOST_SENDING
          + AskDoor.MOST_STREAMING
          + MOST_WATCHING
          + 2 * RecordWriter.MOST_WAITING
          + 64;

  /** For what is said last to be written. */
  private static final Duration TELLING = Duration.ofSeconds(1);

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
  private final Calls calls;
  private final RecordWriter writer;

  /** So nobody's question or order waits for room behind what others teach. */
  private final RecordWriter sampleWriter;

  private final Desk desk;
  private final AskDoor questions;
  private final Catalogue catalogue = new Catalogue();
  private final SampleDoor samples;
  private final FeedbackDoor feedback;
  private final Console console;
  private final Operating operating;
  private final AdapterDoor adapters;
  private final List<Tail<?>> tails = new ArrayList<>();

  /** What is closed with the door, the last first. */
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  private final Semaphore watching = new Semaphore(MOST_WATCHING);
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Javalin server;

  private Gateway(GatewayConfig config, KafkaConfig kafka, ApiKeys keys, Adopting adopting) {
    this.config = config;
    this.keys = keys;
    opened.push(adopting);
    Topics topics = new Topics(kafka.prefix());
    admission = new Admission("requests", config.limits().inFlight());
    try {
      calls = open(opened, new Calls(keys, config.limits()));
      writer = open(opened, new RecordWriter(kafka));
      sampleWriter = open(opened, new RecordWriter(kafka));
      desk =
          open(
              opened,
              new Desk(writer, topics, Duration.ofMillis(config.limits().patienceMillis())));
      samples = new SampleDoor(sampleWriter, topics, clock);
      feedback = new FeedbackDoor(desk, samples, meter);
      console = open(opened, Console.start(kafka, clock));
      questions =
          new AskDoor(
              calls,
              new Asking(desk, admission, meter),
              catalogue,
              new Verdicts(console::verdict, console::named),
              config.limits().streams(),
              clock);
      operating = new Operating(writer, topics, console, catalogue);
      adapters = open(opened, new AdapterDoor(adopting, catalogue, writer, topics));
      opened.push(() -> Tail.close(tails));
      follow(kafka, topics);
      server = Javalin.create(this::configure);
      opened.push(server::stop);
      Javalin unused = server.start();
    } catch (RuntimeException | Error e) {
      closeAfter(e);
      throw e;
    }
  }

  private void follow(KafkaConfig kafka, Topics topics) {
    tails.add(
        Tail.start(
            topics.answers(),
            RecordReader.fromEnd(kafka, List.of(topics.answers())),
            Codecs.answers(),
            (answer, at) -> desk.take(answer)));
    tails.add(
        Tail.start(
            topics.chunks(),
            RecordReader.fromEnd(kafka, List.of(topics.chunks())),
            Codecs.chunks(),
            (chunk, at) -> desk.take(chunk)));
    tails.add(
        Tail.caughtUp(
            topics.releases(),
            RecordReader.fromBeginning(kafka, List.of(topics.releases())),
            Codecs.releases(),
            (event, at) -> catalogue.take(event)));
  }

  private static <T extends AutoCloseable> T open(Deque<AutoCloseable> opened, T one) {
    opened.push(one);
    return one;
  }

  /**
   * Opens the door.
   *
   * @param adopting judges adapters that operators bring; closed with the door, also where it does
   *     not open
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
    return config.url(port());
  }

  /** Where people watch. */
  public String console() {
    return url() + "/console/";
  }

  private void configure(JavalinConfig javalin) {
    javalin.startup.showJavalinBanner = false;
    javalin.jetty.host = config.host();
    javalin.jetty.port = config.port();
    javalin.jetty.threadPool = new QueuedThreadPool(THREADS);
    javalin.http.maxRequestSize = config.limits().bodyBytes();
    javalin.http.asyncTimeout = 0;
    javalin.http.prefer405over404 = true;
    javalin.http.compressionStrategy = CompressionStrategy.NONE;
    javalin.jetty.modifyServer(jetty -> jetty.setErrorHandler(new EarlyProblems()));
    if (config.keystore() != null) {
      javalin.jetty.addConnector(this::tls);
    }
    javalin.routes.before(this::secure);
    javalin.routes.before("/v1/*", calls::enter);
    javalin.routes.post("/v1/completions", questions::complete);
    javalin.routes.post("/v1/chat/completions", questions::chat);
    javalin.routes.post("/v1/embeddings", questions::embed);
    get(javalin, "/v1/models", this::models);
    get(javalin, "/v1/models/{id}", this::model);
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
    get(javalin, "/health", ctx -> ctx.contentType(Calls.JSON).result("{\"status\":\"up\"}"));
    get(javalin, "/ready", this::ready);
    get(javalin, "/metrics", ctx -> ctx.contentType(Meter.TEXT).result(meter.scrape()));
    javalin.routes.exception(Exception.class, (failure, ctx) -> Calls.fail(ctx, failure));
    javalin.routes.exception(
        HttpResponseException.class, (failure, ctx) -> Calls.fail(ctx, problem(failure, ctx)));
    javalin.routes.after(ctx -> meter.call(route(ctx), ctx.statusCode()));
    javalin.routes.after(Calls::buffer);
  }

  /** Also HEAD, which Javalin would answer with 200 whatever GET says. */
  private static void get(JavalinConfig javalin, String path, Handler handler) {
    javalin.routes.get(path, handler);
    javalin.routes.head(path, handler);
  }

  private static ApiProblem problem(HttpResponseException failure, Context ctx) {
    String methods = failure.getDetails().get("availableMethods");
    if (methods == null) {
      return ApiProblem.http(failure.getStatus(), failure.getMessage());
    }
    ctx.header("Allow", methods);
    return ApiProblem.http(
        failure.getStatus(),
        "the method of %s is %s, expected %s".formatted(ctx.path(), ctx.method(), methods));
  }

  /** Before anything else. */
  private void secure(Context ctx) {
    ctx.header("Content-Security-Policy", POLICY);
    if (!keys.required()) {
      OwnPages.require(ctx);
    }
  }

  /** A file of the chart library, out of its jar. */
  private static void chart(Context ctx, String type, String file) {
    ctx.contentType(type)
        .result(Objects.requireNonNull(Gateway.class.getResourceAsStream(CHARTS + file), file));
  }

  /** Sends the picture every second, as server-sent events, until the operator goes away. */
  private void watch(Context ctx) throws IOException, InterruptedException {
    ApiKeys.Caller caller = calls.authorized(ctx);
    caller.requireOperator();
    if (!watching.tryAcquire()) {
      throw ApiProblem.tooMany(MOST_WATCHING + " are watching, expected fewer");
    }
    ctx.contentType(Calls.EVENTS).header("Cache-Control", "no-store");
    try {
      OutputStream out = Calls.unbuffered(ctx);
      do {
        String picture = console.picture(caller.tenant());
        out.write(("event: picture\ndata: " + picture + "\n\n").getBytes(UTF_8));
        out.flush();
      } while (!closing.await(1, TimeUnit.SECONDS));
    } catch (IOException e) {
      LOG.debug("an operator has gone away", e);
    } finally {
      watching.release();
    }
  }

  private void order(Context ctx) {
    calls.later(
        ctx, () -> operating.order(Calls.caller(ctx), calls.fields(ctx)).thenApply(Replies::place));
  }

  private void load(Context ctx) {
    calls.later(
        ctx, () -> adapters.load(Calls.caller(ctx), calls.fields(ctx)).thenApply(Replies::adopted));
  }

  private void unload(Context ctx) {
    calls.later(
        ctx, () -> adapters.unload(Calls.caller(ctx), calls.fields(ctx)).thenApply(Replies::place));
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

  private void models(Context ctx) {
    String tenant = Calls.caller(ctx).tenant();
    calls.later(
        ctx, () -> CompletableFuture.completedFuture(Replies.models(catalogue.visible(tenant))));
  }

  /** What one name stands for, of those that {@code model} may be. */
  private void model(Context ctx) {
    String tenant = Calls.caller(ctx).tenant();
    String id = ctx.pathParam("id");
    ReleaseEvent event =
        catalogue.target(tenant, id).release() == null
            ? catalogue.current(tenant, id)
            : named(tenant, id);
    Calls.json(ctx, event == null ? Replies.model(id, "millrace") : Replies.model(id, event));
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
    ApiKeys.Caller caller = Calls.caller(ctx);
    calls.later(
        ctx,
        () ->
            admission.during(
                caller.account(),
                () ->
                    samples.take(
                        caller, calls.body(ctx), domain(ctx), ctx.header("Idempotency-Key"))),
        (context, reply) -> context.contentType(Calls.JSON).result(reply));
  }

  /** One that is misspelt would have samples go to no domain. */
  private static @Nullable String domain(Context ctx) {
    String query = Objects.requireNonNullElse(ctx.queryString(), "");
    List<String> domains = ctx.queryParams("domain");
    if (!query.isEmpty() && (ctx.queryParamMap().size() != 1 || domains.size() != 1)) {
      throw ApiProblem.bad(
          "bad_query", "the query is \"%s\", expected domain=NAME".formatted(query));
    }
    return ctx.queryParam("domain");
  }

  private void feedback(Context ctx) {
    ApiKeys.Caller caller = Calls.caller(ctx);
    calls.later(
        ctx,
        () -> admission.during(caller.account(), () -> feedback.take(caller, calls.fields(ctx))));
  }

  /** Of the topics without which no question is answered. */
  private @Nullable String unheard() {
    String problem = Tail.problem(tails);
    return problem == null ? console.unheardRequests() : problem;
  }

  private void ready(Context ctx) {
    String problem = calls.isEnding() ? ApiProblem.ending().getMessage() : unheard();
    ObjectNode said = Fields.JSON.createObjectNode().put("ready", problem == null);
    if (problem != null) {
      said.put("reason", problem);
    }
    ctx.status(problem == null ? 200 : 503);
    Calls.json(ctx, said.put("keys", keys.required()).put("unserved", console.unserved()));
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
    int late = calls.end(most);
    if (late > 0) {
      desk.end();
      int unused = calls.end(TELLING);
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
    closeOpened();
  }

  /** All of it, also where one of it fails. */
  private void closeOpened() {
    try {
      IOUtils.closeAll(opened);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("the door did not close cleanly", e);
    }
  }

  private void closeAfter(Throwable failure) {
    try {
      closeOpened();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }
}
