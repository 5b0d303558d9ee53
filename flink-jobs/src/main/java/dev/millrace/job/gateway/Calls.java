package dev.millrace.job.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.job.config.GatewayLimits;
import dev.millrace.model.base.DaemonThreads;
import dev.millrace.schema.wire.InvalidRecordException;
import dev.millrace.schema.wire.JsonLines;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The calls of clients while they are under way: whose each is, its body, its reply. */
final class Calls implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Calls.class);

  static final String JSON = "application/json";
  static final String EVENTS = "text/event-stream";

  private static final String CALLER = "caller";

  /** Of one account. */
  private static final int MOST_BODIES = 64;

  /** Each holds a thread of the server's, as long as the client takes to send it. */
  static final int MOST_SENDING = 256;

  /** Of the heap, that bodies may have. */
  private static final int HEAP_SHARE = 16;

  private static final int REPLYING = 4;

  private final ApiKeys keys;
  private final long bodyBytes;
  private final Admission bodies = new Admission("bodies", MOST_BODIES);
  private final Semaphore sending = new Semaphore(MOST_SENDING);
  private final BodyBytes bytes;

  /** Until their reply is read: of a client that does not read, no more of them are kept. */
  private final Admission calls;

  private final CallsUnderWay underWay = new CallsUnderWay();

  /** What brings answers does not wait until one is written out as JSON. */
  private final ExecutorService replies =
      Executors.newFixedThreadPool(REPLYING, new DaemonThreads("millrace-reply"));

  Calls(ApiKeys keys, GatewayLimits limits) {
    this.keys = keys;
    bodyBytes = limits.bodyBytes();
    bytes = new BodyBytes(Runtime.getRuntime().maxMemory() / HEAP_SHARE, bodyBytes);
    calls = new Admission("calls", (int) Math.min(Integer.MAX_VALUE, 2L * limits.inFlight()));
  }

  /** A call has come; it has ended when its reply is written. */
  void enter(Context ctx) {
    ctx.attribute(CALLER, authorized(ctx));
    underWay.enter();
    whenEnded(ctx, underWay::leave);
  }

  /** Also where Javalin never comes to write. */
  private static void whenEnded(Context ctx, Runnable then) {
    org.eclipse.jetty.server.Request.addCompletionListener(
        ServletContextRequest.getServletContextRequest(ctx.req()), failure -> then.run());
  }

  ApiKeys.Caller authorized(Context ctx) {
    return keys.caller(ctx.header("Authorization"));
  }

  static ApiKeys.Caller caller(Context ctx) {
    return Objects.requireNonNull(ctx.attribute(CALLER), CALLER);
  }

  String body(Context ctx) {
    String account = caller(ctx).account();
    String coding = ctx.header("Content-Encoding");
    if (coding != null && !coding.equalsIgnoreCase("identity")) {
      throw ApiProblem.unknownCoding("Content-Encoding is %s, expected none".formatted(coding));
    }
    BodyBytes.Share share = bytes.enter(account, ctx.contentLength());
    whenEnded(ctx, share::leave);
    bodies.enter(account, 1);
    try {
      if (!sending.tryAcquire()) {
        throw ApiProblem.tooMany(MOST_SENDING + " bodies are being sent, expected fewer");
      }
      try {
        return text(ctx, share);
      } finally {
        sending.release();
      }
    } finally {
      bodies.leave(account, 1);
    }
  }

  private String text(Context ctx, BodyBytes.Share share) {
    try {
      String charset = Objects.requireNonNullElse(ctx.characterEncoding(), UTF_8.name());
      requireSize(ctx.contentLength());
      return JsonLines.text(share.read(ctx.bodyInputStream()), Charset.forName(charset));
    } catch (InvalidRecordException e) {
      throw ApiProblem.bad(e.reason(), "the body " + e.detail());
    } catch (IllegalArgumentException e) {
      throw ApiProblem.bad("unknown_charset", "the body's charset is not known: " + e.getMessage());
    } catch (IOException e) {
      throw ApiProblem.bad("body_cut_off", "the body did not come to its end: " + e.getMessage());
    }
  }

  /**
   * @param declared bytes of a body; -1 of one that comes in chunks
   */
  private void requireSize(int declared) {
    if (declared > bodyBytes) {
      throw ApiProblem.tooLarge(
          "the body has %d bytes, expected at most %d".formatted(declared, bodyBytes));
    }
  }

  Fields fields(Context ctx) {
    return Fields.of(body(ctx));
  }

  void later(Context ctx, Supplier<CompletableFuture<ObjectNode>> call) {
    later(ctx, call, Calls::json);
  }

  /** Makes a call, and replies when there is what to reply. */
  <T> void later(Context ctx, Supplier<CompletableFuture<T>> call, BiConsumer<Context, T> writing) {
    String account = caller(ctx).account();
    calls.enter(account, 1);
    whenEnded(ctx, () -> calls.leave(account, 1));
    CompletableFuture<T> reply = call.get();
    ctx.future(
        () ->
            reply
                .thenAcceptAsync(found -> writing.accept(ctx, found), replies)
                .exceptionallyAsync(failure -> failLater(ctx, failure), replies));
  }

  /**
   * Has the server keep a reply whole, and write it as its client reads: no thread waits for one
   * that does not, which the server gives up after half a minute.
   */
  static void buffer(Context ctx) throws IOException {
    InputStream result = ctx.resultInputStream();
    if (result != null && !ctx.res().isCommitted()) {
      byte[] whole = result.readAllBytes();
      ctx.result(whole).res().setBufferSize(whole.length + 1); // a full one is written at once
    }
  }

  /** The server's own stream: flushing Javalin's, which may compress, does nothing. */
  static OutputStream unbuffered(Context ctx) throws IOException {
    return ctx.res().getOutputStream();
  }

  static Context json(Context ctx, ObjectNode body) {
    return ctx.contentType(JSON).result(body.toString());
  }

  private static @Nullable Void failLater(Context ctx, Throwable failure) {
    fail(ctx, failure);
    return null;
  }

  static void fail(Context ctx, Throwable failure) {
    ApiProblem problem = ApiProblem.of(failure);
    boolean told = failure instanceof ApiProblem || failure.getCause() instanceof ApiProblem;
    boolean unavailable = problem.status() == HttpStatus.SERVICE_UNAVAILABLE.getCode();
    if (unavailable && told && !problem.code().equals(ApiProblem.ENDING)) {
      LOG.warn("{} {}: {}", ctx.method(), ctx.path(), problem.getMessage());
    } else if (unavailable && !told) {
      LOG.error("{} {} failed", ctx.method(), ctx.path(), failure);
    }
    if (problem.status() == HttpStatus.UNAUTHORIZED.getCode()) {
      ctx.header("WWW-Authenticate", "Bearer");
    }
    json(ctx.status(problem.status()), Replies.error(problem));
  }

  boolean isEnding() {
    return underWay.isEnding();
  }

  /** Lets no more in; gives how many are still under way after that time. */
  int end(Duration most) throws InterruptedException {
    return underWay.end(most);
  }

  @Override
  public void close() {
    replies.shutdownNow();
  }
}
