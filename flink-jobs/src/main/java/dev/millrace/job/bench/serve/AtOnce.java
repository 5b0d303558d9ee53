package dev.millrace.job.bench.serve;

import dev.millrace.model.base.Drafts;
import dev.millrace.model.serve.Added;
import dev.millrace.model.serve.Answered;
import dev.millrace.model.serve.Responder;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Answers everything at once, with nothing: what is left is what the rest costs.
 *
 * @param real makes the answers; nobody asks its model
 */
record AtOnce(Responder real, BlockingQueue<Answered> due) implements Responder {

  AtOnce(Responder real) {
    this(real, new LinkedBlockingQueue<>());
  }

  @Override
  public void submit(long ticket, Request request, long caller) {
    due.add(new Answered(ticket, real.bare(request, null)));
  }

  @Override
  public void cancel(long ticket, String reason) {}

  @Override
  public List<Answered> step() throws InterruptedException {
    List<Answered> answered = new ArrayList<>(List.of(due.take()));
    due.drainTo(answered);
    return answered;
  }

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
    return real.drafts();
  }

  @Override
  public @Nullable Answer known(Request request, long caller) {
    return null;
  }

  @Override
  public Answer bare(Request request, @Nullable String error) {
    return real.bare(request, error);
  }

  @Override
  public void close() {
    real.close();
  }
}
