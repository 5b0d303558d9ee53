package dev.millrace.job.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import io.javalin.http.Context;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The door for questions: completions, chat and embeddings. */
final class AskDoor {

  private static final Logger LOG = LoggerFactory.getLogger(AskDoor.class);

  /** Each holds a thread of the server's. */
  static final int MOST_STREAMING = 128;

  private final Calls calls;
  private final Asking asking;
  private final Catalogue catalogue;
  private final Verdicts verdicts;
  private final Admission streams;
  private final InstantSource clock;
  private final Semaphore streaming = new Semaphore(MOST_STREAMING);

  AskDoor(
      Calls calls,
      Asking asking,
      Catalogue catalogue,
      Verdicts verdicts,
      int streams,
      InstantSource clock) {
    this.calls = calls;
    this.asking = asking;
    this.catalogue = catalogue;
    this.verdicts = verdicts;
    this.streams = new Admission("streams", streams);
    this.clock = clock;
  }

  void complete(Context ctx) throws IOException, InterruptedException {
    generate(ctx, Generating.completion(calls.fields(ctx)), false, Replies::completion);
  }

  void chat(Context ctx) throws IOException, InterruptedException {
    generate(ctx, Generating.chat(calls.fields(ctx)), true, Replies::chat);
  }

  /** How answers to a call are written. */
  private interface Writing {
    ObjectNode write(Generating asked, List<Answer> answers, Verdicts verdicts, long seconds);
  }

  private void generate(Context ctx, Generating asked, boolean chat, Writing writing)
      throws IOException, InterruptedException {
    ApiKeys.Caller caller = Calls.caller(ctx);
    Catalogue.Target target = catalogue.target(caller.tenant(), asked.model());
    long now = clock.millis();
    List<Request> requests = asked.requests(caller, target, now);
    String field = chat ? "messages" : "prompt";
    if (asked.stream()) {
      Streaming stream = new Streaming(asked, requests, verdicts, chat, now / 1000);
      stream(
          ctx,
          caller,
          stream,
          () ->
              asking.each(caller, requests, asked.user(), stream::take).stream()
                  .map(answer -> ApiProblem.in(field, answer))
                  .toList(),
          () -> asking.abandon(requests));
    } else {
      reply(
          ctx,
          () -> ApiProblem.in(field, asking.all(caller, requests, asked.user())),
          (context, found) ->
              Calls.json(context, writing.write(asked, found, verdicts, now / 1000)));
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
            ctx.contentType(Calls.EVENTS).header("Cache-Control", "no-store");
            provenance(ctx, release, base, from);
          },
          Calls.unbuffered(ctx));
    } catch (IOException e) {
      LOG.debug("a client has gone away", e);
    }
  }

  void embed(Context ctx) {
    ApiKeys.Caller caller = Calls.caller(ctx);
    Embedding asked = Embedding.of(calls.fields(ctx));
    Catalogue.Target target =
        asked.media().isEmpty()
            ? catalogue.target(caller.tenant(), asked.model())
            : catalogue.placing(caller.tenant(), asked.model());
    reply(
        ctx,
        () ->
            ApiProblem.in(
                asked.field(),
                OneRelease.ask(
                    () ->
                        asking.all(caller, asked.requests(caller, target, clock.millis()), null))),
        (context, found) ->
            Calls.json(
                context, Replies.embeddings(asked.model(), asked.base64(), found, verdicts)));
  }

  /** Writes the reply when all answers are there. */
  private void reply(
      Context ctx,
      Supplier<CompletableFuture<List<Answer>>> call,
      BiConsumer<Context, List<Answer>> writing) {
    calls.later(
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
}
