package dev.millrace.model.serve;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.cache.CachedAnswer;
import dev.millrace.schema.Request.Task;
import dev.millrace.schema.wire.ErrorLine;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Works that take one call of the model, several in a call, each with its own adapter; what
 * generates is embedded.
 */
final class OnePass {

  private static final Logger LOG = LoggerFactory.getLogger(OnePass.class);
  private static final float[] NO_EMBEDDING = {};

  private final BaseModel base;
  private final int callTokens;
  private final Deque<Work> waiting = new ArrayDeque<>();

  /** What failed together is tried again one by one: no request fails for its neighbours. */
  private final Deque<Work> alone = new ArrayDeque<>();

  OnePass(BaseModel base, int callTokens) {
    this.base = base;
    this.callTokens = callTokens;
  }

  void add(Work work) {
    waiting.add(work);
  }

  void remove(Work work) {
    waiting.remove(work);
    alone.remove(work);
  }

  boolean isIdle() {
    return waiting.isEmpty() && alone.isEmpty();
  }

  /** One call; gives the works that it ended, or embedded. */
  List<Work> step() {
    if (isIdle()) {
      return List.of();
    }
    List<Work> pack = alone.isEmpty() ? pack() : List.of(alone.remove());
    try {
      List<CachedAnswer> answers = call(pack);
      for (int i = 0; i < pack.size(); i++) {
        take(pack.get(i), answers.get(i));
      }
    } catch (RuntimeException e) {
      if (pack.size() > 1) {
        alone.addAll(pack);
        return List.of();
      }
      failed(pack.get(0), e);
    }
    return pack;
  }

  /**
   * Looking for a similar question is no condition of an answer: what generates goes on without.
   */
  private static void failed(Work work, RuntimeException e) {
    if (work.request().task() == Task.GENERATE) {
      LOG.warn("request {} could not be embedded, no similar one is looked for", work.ticket(), e);
    } else {
      work.fail("model-failed: " + ErrorLine.of(e));
    }
  }

  private static void take(Work work, CachedAnswer answer) {
    if (work.request().task() == Task.GENERATE) {
      work.embedded(answer.embedding());
    } else {
      work.computed(answer);
    }
  }

  /** The first that waits, and those after it that ask for the same and fit into the call. */
  private List<Work> pack() {
    Task task = waiting.element().request().task();
    List<Work> pack = new ArrayList<>();
    int tokens = 0;
    for (Iterator<Work> all = waiting.iterator(); all.hasNext(); ) {
      Work work = all.next();
      if (work.request().task() != task) {
        continue;
      }
      tokens += work.positions();
      if (!pack.isEmpty() && tokens > callTokens) {
        break;
      }
      pack.add(work);
      all.remove();
    }
    return pack;
  }

  private List<CachedAnswer> call(List<Work> pack) {
    return pack.get(0).request().task() == Task.SCORE ? score(pack) : embed(pack);
  }

  private List<CachedAnswer> score(List<Work> pack) {
    List<Sequence> sequences =
        pack.stream().map(w -> new Sequence(w.tokens(), w.lease().adapter(), w.prefix())).toList();
    return base.score(sequences).stream().map(OnePass::scored).toList();
  }

  private static CachedAnswer scored(TokenScores scores) {
    return new CachedAnswer("", scores.logProb(), scores.logProbs().length, NO_EMBEDDING);
  }

  private List<CachedAnswer> embed(List<Work> pack) {
    return base.embed(pack.stream().map(Work::tokens).toList()).stream()
        .map(embedding -> new CachedAnswer("", 0, 0, embedding))
        .toList();
  }
}
