package dev.millrace.job.bench.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.StreamRecords;
import dev.millrace.model.base.Drafts;
import dev.millrace.model.serve.Added;
import dev.millrace.model.serve.Answered;
import dev.millrace.model.serve.Responder;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BatchAuditTest {

  private static final int ANSWERS = 100;

  private final List<Request> questions =
      IntStream.range(0, 5)
          .mapToObj(
              i -> Request.builder("q", Request.Task.GENERATE, "p" + i).maxTokens(2 + i).build())
          .toList();

  @Test
  void run_eachAnswerIsItsReleasesAlone_noneIsMixedThoughReleasesRunSideBySide() throws Exception {
    BatchAudit audit = audited(new Tokens(false));
    assertEquals(ANSWERS, audit.answers());
    assertEquals(0, audit.mixed());
    assertTrue(audit.beside() > 0);
  }

  /** Each token by what answers then. */
  @Test
  void run_aSwapReachesWhatRuns_isSeen() throws Exception {
    assertTrue(audited(new Tokens(true)).mixed() > 0);
  }

  @Test
  void run_nothingIsSwapped_nothingRunsBesideAnotherRelease() throws Exception {
    Tokens tokens = new Tokens(false);
    BatchAudit audit = new BatchAudit(tokens, questions);
    audit.learn("a");
    audit.run(ANSWERS);
    assertEquals(0, audit.beside());
  }

  private BatchAudit audited(Tokens tokens) throws InterruptedException {
    BatchAudit audit = new BatchAudit(tokens, questions);
    audit.learn("a");
    tokens.current = "b";
    audit.learn("b");
    tokens.swaps = true;
    audit.run(ANSWERS);
    return audit;
  }

  /** Adds the name of a release a step, and swaps at each third. */
  private static final class Tokens implements Responder {

    private final Map<Long, Running> running = new LinkedHashMap<>();
    private final boolean mixes;
    private String current = "a";
    private boolean swaps;
    private int steps;

    private record Running(Request request, String release, String text) {}

    Tokens(boolean mixes) {
      this.mixes = mixes;
    }

    @Override
    public void submit(long ticket, Request request, long caller) {
      running.put(ticket, new Running(request, current, request.prompt()));
    }

    @Override
    public List<Answered> step() {
      if (swaps && ++steps % 3 == 0) {
        current = current.equals("a") ? "b" : "a";
      }
      running.replaceAll(
          (ticket, one) ->
              new Running(
                  one.request(), one.release(), one.text() + (mixes ? current : one.release())));
      List<Answered> done = new ArrayList<>();
      running.forEach(
          (ticket, one) -> {
            if (one.text().length()
                == one.request().prompt().length() + one.request().maxTokens()) {
              Answer answer = StreamRecords.answer(one.request(), null, one.text(), one.release());
              done.add(new Answered(ticket, answer));
            }
          });
      done.forEach(answered -> running.remove(answered.ticket()));
      return done;
    }

    @Override
    public void cancel(long ticket, String reason) {}

    @Override
    public List<Added> added() {
      return List.of();
    }

    @Override
    public Set<Long> fetching() {
      return Set.of();
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
      return StreamRecords.answer(request, error, "", null);
    }

    @Override
    public void close() {}
  }
}
