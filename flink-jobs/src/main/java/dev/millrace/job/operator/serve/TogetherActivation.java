package dev.millrace.job.operator.serve;

import dev.millrace.job.operator.serve.ActivationMessage.Decision;
import dev.millrace.job.operator.serve.ActivationMessage.Overdue;
import dev.millrace.job.operator.serve.ActivationMessage.Vote;
import dev.millrace.model.swap.Staged;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One event after the other: staged here, voted on, and switched to when all subtasks have staged
 * it. What takes a release back waits for nobody: no subtask can keep another from obeying.
 */
final class TogetherActivation implements Activation {

  /** What this subtask has to do with others. */
  interface Link {

    void send(ActivationMessage message);

    /** Tells people what all subtasks did. */
    void outcome(SwapResult result);

    /** Runs something on the task's thread when a subtask has waited long enough. */
    void whenOverdue(Runnable then);
  }

  private final Means means;
  private final Link link;
  private final Deque<ReleaseEvent> line = new ArrayDeque<>();

  /** What was refused before this subtask read it, and why. */
  private final Map<String, String> refused = new HashMap<>();

  private @Nullable Candidate current;

  /** The place of the last event whose turn came. */
  private String last = "";

  private static final class Candidate {
    private final ReleaseEvent event;
    private @Nullable Staged staged;
    private boolean over;

    Candidate(ReleaseEvent event) {
      this.event = event;
    }

    String place() {
      return TogetherActivation.place(event);
    }
  }

  TogetherActivation(Means means, Link link) {
    this.means = means;
    this.link = link;
  }

  /** What is voted on: on a topic that was made anew another release may stand at a place. */
  private static String place(ReleaseEvent event) {
    return Activation.place(event) + " " + event.release();
  }

  @Override
  public void read(ReleaseEvent event) throws Exception {
    line.add(event);
    next();
  }

  private void next() throws Exception {
    while (current == null && !line.isEmpty()) {
      ReleaseEvent event = line.remove();
      last = place(event);
      String why = refused.remove(last);
      if (why != null) {
        means.done().accept(new SwapResult(event, Outcome.FAILED, why, 0));
      } else {
        begin(new Candidate(event));
      }
    }
  }

  private void begin(Candidate candidate) {
    current = candidate;
    ReleaseEvent event = candidate.event;
    if (event.action() == Action.ROLLBACK || event.action() == Action.FORGET) {
      means.apply(event, result -> end(candidate, result));
      return;
    }
    link.whenOverdue(() -> overdue(candidate));
    means
        .worker()
        .whenDone(
            "staging release " + event.release(),
            means.releases().stage(event, means.now().getAsLong()),
            staged -> staged(candidate, staged));
  }

  private void staged(Candidate candidate, Staged staged) throws Exception {
    if (candidate.over) {
      staged.close();
      return;
    }
    candidate.staged = staged;
    SwapResult problem = staged.problem();
    if (problem != null && problem.outcome() == Outcome.IGNORED) {
      end(candidate, problem); // so do all subtasks: they have followed the same events
    } else {
      link.send(new Vote(candidate.place(), problem == null ? null : problem.reason()));
    }
  }

  private void overdue(Candidate candidate) {
    if (!candidate.over) {
      link.send(new Overdue(candidate.place()));
    }
  }

  @Override
  public void decided(Decision decision) throws Exception {
    Candidate candidate = current;
    String refusal = decision.refusal();
    if (candidate == null || !candidate.place().equals(decision.place())) {
      if (refusal != null && decision.place().compareTo(last) > 0) {
        refused.put(decision.place(), refusal);
      }
      return;
    }
    if (refusal != null) {
      SwapResult result = new SwapResult(candidate.event, Outcome.FAILED, refusal, 0);
      link.outcome(result);
      end(candidate, result);
      return;
    }
    activate(candidate);
  }

  /** State says so at once: a checkpoint has a decision in all subtasks or in none. */
  private void activate(Candidate candidate) throws Exception {
    Staged staged = candidate.staged;
    if (staged == null) {
      throw new IllegalStateException(
          candidate.event.release() + " is to be switched to and was not staged");
    }
    SwapResult result = means.switched(staged);
    link.outcome(result);
    end(candidate, result);
  }

  private void end(Candidate candidate, SwapResult result) throws Exception {
    candidate.over = true;
    if (candidate.staged != null && result.outcome() != Outcome.SWAPPED) {
      candidate.staged.close();
    }
    current = null;
    means.done().accept(result);
    next();
  }
}
