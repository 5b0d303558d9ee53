package dev.millrace.job.operator.serve;

import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.Staged;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.model.swap.SwapRule;
import dev.millrace.schema.ReleaseEvent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.LongSupplier;
import org.apache.flink.util.function.ThrowingConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a serving subtask works with: who answers, the releases that answer, and what is kept. */
public record Serving(Responder responder, LiveReleases releases, AnswerCache cache) {

  /** Between two tries at a release that cannot be read now. */
  public static final long AGAIN_MILLIS = 5_000;

  private static final Logger LOG = LoggerFactory.getLogger(Serving.class);

  static final String UNREADABLE = "release-unreadable";

  /**
   * Begins at what each line of releases has come to, as if what is wrong had never been in it.
   * What cannot be read now is followed, as after a restart. An interrupt ends it.
   *
   * @param events all that the topic holds, in its order
   * @param now epoch milliseconds
   * @param told what became of each event that was tried, in turn
   */
  public void begin(
      List<ReleaseEvent> events, LongSupplier now, ThrowingConsumer<SwapResult, Exception> told)
      throws Exception {
    Collection<List<ReleaseEvent>> lines = FollowedReleases.lines(events);
    LOG.info("Following {} lines of releases before the first request", lines.size());
    for (List<ReleaseEvent> line : lines) {
      beginLine(line, now, told);
    }
  }

  private void beginLine(
      List<ReleaseEvent> line, LongSupplier now, ThrowingConsumer<SwapResult, Exception> told)
      throws Exception {
    List<ReleaseEvent> left = new ArrayList<>(line);
    while (!left.isEmpty()) {
      ReleaseEvent head = SwapRule.after(left);
      left.removeIf(event -> event.origin().equals(head.origin()));
      Staged staged = releases.stage(head, now.getAsLong()).get();
      SwapResult problem = staged.problem();
      String missing = staged.missing();
      boolean wrong = !missing.isEmpty() && !missing.startsWith(UNREADABLE);
      boolean last = left.isEmpty() || head.action() == ReleaseEvent.Action.FORGET;
      if (problem == null && (last || !wrong)) {
        told.accept(staged.activate().get());
        return;
      }
      staged.close();
      told.accept(problem == null ? new SwapResult(head, Outcome.FAILED, missing, 0) : problem);
    }
  }
}
