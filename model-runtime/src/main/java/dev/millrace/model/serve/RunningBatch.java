package dev.millrace.model.serve;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Decoding;
import dev.millrace.model.base.Drafts;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Sampling;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Request;
import dev.millrace.schema.TokenLogProb;
import dev.millrace.schema.wire.ErrorLine;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Works that take a token a step, or more where they are guessed, each with its own adapter; they
 * join as others leave.
 */
final class RunningBatch implements AutoCloseable {

  /** Is told what stands of an answer that is not complete. */
  interface Teller {
    void tell(Work work, int index, String text, List<TokenLogProb> logProbs);
  }

  private record Row(Work work, Continuation continuation) {}

  private final BaseModel base;
  private final Tokenizer tokenizer;
  private final int slots;
  private final Teller teller;
  private final Deque<Work> joining = new ArrayDeque<>();

  /** What failed together is tried again one by one: no request fails for its neighbours. */
  private final Deque<Work> alone = new ArrayDeque<>();

  private final Map<Long, Row> running = new LinkedHashMap<>();

  /** Opened when it is first needed, for it holds native memory. */
  private @Nullable Decoding decoding;

  /** Of decodings that are closed. */
  private Drafts drafts = Drafts.NONE;

  RunningBatch(BaseModel base, Tokenizer tokenizer, int slots, Teller teller) {
    this.base = base;
    this.tokenizer = tokenizer;
    this.slots = slots;
    this.teller = teller;
  }

  void add(Work work) {
    joining.add(work);
  }

  void remove(Work work) {
    joining.remove(work);
    alone.remove(work);
    if (running.remove(work.ticket()) != null && decoding != null) {
      decoding.cancel(work.ticket());
    }
  }

  boolean isIdle() {
    return joining.isEmpty() && alone.isEmpty() && running.isEmpty();
  }

  /** What was guessed of all answers. */
  Drafts drafts() {
    return decoding == null ? drafts : drafts.plus(decoding.drafts());
  }

  /** A token for each, or more; gives the works that it ended. */
  List<Work> step() {
    if (isIdle()) {
      return List.of();
    }
    List<Work> ended = new ArrayList<>();
    Decoding open = open(ended);
    if (open == null) {
      return ended;
    }
    join(open, ended);
    try {
      for (Decoding.Token token : open.step()) {
        take(open, token, ended);
      }
    } catch (RuntimeException e) {
      begin(e, ended);
    }
    return ended;
  }

  /** Null if it cannot be opened, which fails all who wait for it: nothing runs then. */
  private @Nullable Decoding open(List<Work> ended) {
    if (decoding == null) {
      try {
        decoding = base.decoding(slots);
      } catch (RuntimeException e) {
        ended.addAll(alone);
        ended.addAll(joining);
        ended.forEach(work -> work.fail("model-failed: " + ErrorLine.of(e)));
        alone.clear();
        joining.clear();
      }
    }
    return decoding;
  }

  private void join(Decoding open, List<Work> ended) {
    if (!alone.isEmpty()) {
      if (running.isEmpty()) {
        join(open, alone, ended);
      }
      return;
    }
    while (!joining.isEmpty() && join(open, joining, ended)) {
      // There is room for more.
    }
  }

  /** Lets the first join; false if there is no room for it now. */
  private boolean join(Decoding open, Deque<Work> line, List<Work> ended) {
    Work work = line.element();
    try {
      if (!open.admit(work.ticket(), prompt(work))) {
        return false;
      }
      running.put(work.ticket(), new Row(work, continuation(work)));
    } catch (RuntimeException e) {
      work.fail("model-failed: " + ErrorLine.of(e));
      ended.add(work);
    }
    line.remove();
    return true;
  }

  private void take(Decoding open, Decoding.Token token, List<Work> ended) {
    Row row = running.get(token.id());
    if (row == null) {
      return;
    }
    boolean goesOn = row.continuation().add(token);
    if (!goesOn || token.last()) {
      open.cancel(token.id());
      running.remove(token.id());
      row.work().computed(row.continuation().answer());
      ended.add(row.work());
    } else if (row.work().request().stream()) {
      tell(row);
    }
  }

  private void tell(Row row) {
    String text = row.continuation().tell();
    if (!text.isEmpty()) {
      Continuation told = row.continuation();
      teller.tell(row.work(), told.index(), text, told.list());
    }
  }

  /** Begins anew, one after the other, what was in a call that failed. */
  private void begin(RuntimeException failure, List<Work> ended) {
    List<Work> failed = running.values().stream().map(Row::work).toList();
    running.clear();
    close();
    if (failed.size() == 1) {
      failed.get(0).fail("model-failed: " + ErrorLine.of(failure));
      ended.add(failed.get(0));
    } else {
      alone.addAll(failed);
    }
  }

  private Continuation continuation(Work work) {
    Request request = work.request();
    return new Continuation(
        tokenizer, base.config().eosTokenId(), request.stop(), work.mayAdd(), request.logProbs());
  }

  private static Prompt prompt(Work work) {
    Request request = work.request();
    Sampling sampling =
        new Sampling(request.temperature(), request.topK(), request.topP(), request.seed());
    return new Prompt(
        work.prefix(), work.tokens(), work.lease().adapter(), work.mayAdd(), sampling);
  }

  /** Frees the cache of keys and values. */
  @Override
  public void close() {
    if (decoding != null) {
      drafts = drafts();
      decoding.close();
      decoding = null;
    }
  }
}
