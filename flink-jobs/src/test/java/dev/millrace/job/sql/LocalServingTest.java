package dev.millrace.job.sql;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.operator.Serving;
import dev.millrace.model.base.Drafts;
import dev.millrace.model.serve.Answered;
import dev.millrace.model.serve.Responder;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LocalServingTest {

  @Test
  void ask_modelThatEndsWithAnError_failsWhoeverAskedAndWhoeverAsks() {
    Error gone = new NoClassDefFoundError("a native library");
    LocalServing local =
        new LocalServing(
            new Serving(new Broken(gone), null, null),
            getClass().getClassLoader(),
            InstantSource.system());
    CompletableFuture<Answer> before = local.ask(request());
    local.answer();
    assertSame(gone, assertThrows(CompletionException.class, before::join).getCause());
    CompletableFuture<Answer> after = local.ask(request());
    assertSame(gone, assertThrows(CompletionException.class, after::join).getCause());
  }

  private static Request request() {
    return Request.builder("q", Request.Task.SCORE, "ab")
        .domain("d")
        .maxTokens(1)
        .cached(false)
        .origin(new Origin("r", 0, 0))
        .build();
  }

  /** Ends at its first step. */
  private record Broken(Error error) implements Responder {

    @Override
    public void submit(long ticket, Request request, long caller) {}

    @Override
    public void cancel(long ticket, String reason) {}

    @Override
    public List<Answered> step() {
      throw error;
    }

    @Override
    public List<Chunk> chunks() {
      return List.of();
    }

    @Override
    public int fetching() {
      return 0;
    }

    @Override
    public Drafts drafts() {
      return Drafts.NONE;
    }

    @Override
    public @Nullable Answer known(Request request, long caller) {
      return null;
    }

    @Override
    public Answer bare(Request request, @Nullable String error) {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public void close() {}
  }
}
