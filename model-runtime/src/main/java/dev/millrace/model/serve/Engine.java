package dev.millrace.model.serve;

import dev.millrace.model.base.Drafts;
import java.util.ArrayList;
import java.util.List;

/** What computes on one base: a running batch, and calls that end at once. */
record Engine(OnePass onePass, RunningBatch batch) {

  static Engine on(Carrier carrier, ServeLimits limits, RunningBatch.Teller teller) {
    return new Engine(
        new OnePass(carrier.base(), limits.callTokens()),
        new RunningBatch(carrier.base(), carrier.tokenizer(), limits.batchTokens(), teller));
  }

  boolean isIdle() {
    return onePass.isIdle() && batch.isIdle();
  }

  /** One call of each; gives the works that it ended, or embedded. */
  List<Work> step() {
    List<Work> ended = new ArrayList<>(onePass.step());
    ended.addAll(batch.step());
    return ended;
  }

  Drafts drafts() {
    return batch.drafts();
  }

  void remove(Work work) {
    onePass.remove(work);
    batch.remove(work);
  }
}
