package dev.millrace.model.serve;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Generations;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Sampling;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.cache.CachedAnswer;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Request;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Runs works through the model, many in a call, each with its own adapter. */
final class ModelCalls {

  private static final float[] NO_EMBEDDING = {};

  private final BaseModel base;
  private final Tokenizer tokenizer;
  private final int callTokens;
  private final Map<Request.Task, Function<List<Work>, List<CachedAnswer>>> calls =
      new EnumMap<>(Request.Task.class);

  ModelCalls(BaseModel base, Tokenizer tokenizer, int callTokens) {
    this.base = base;
    this.tokenizer = tokenizer;
    this.callTokens = callTokens;
    calls.put(Request.Task.SCORE, this::score);
    calls.put(Request.Task.GENERATE, this::generate);
    calls.put(Request.Task.EMBED, this::embed);
  }

  /** Computes each work, or gives it the reason why that failed. */
  void compute(List<Work> works) {
    calls.forEach(
        (task, call) -> {
          List<Work> ofTask = works.stream().filter(w -> w.request().task() == task).toList();
          packed(task, ofTask).forEach(pack -> run(pack, call));
        });
  }

  /** A call that fails is tried again one by one, so that no request fails for its neighbours. */
  private static void run(List<Work> pack, Function<List<Work>, List<CachedAnswer>> call) {
    try {
      List<CachedAnswer> answers = call.apply(pack);
      for (int i = 0; i < pack.size(); i++) {
        end(pack.get(i), answers.get(i));
      }
    } catch (RuntimeException e) {
      if (pack.size() == 1) {
        pack.get(0).fail("model-failed: " + e);
      } else {
        pack.forEach(work -> run(List.of(work), call));
      }
    }
  }

  private static void end(Work work, CachedAnswer answer) {
    if (Double.isFinite(answer.logProb())) {
      work.computed(answer);
    } else {
      work.fail("model-failed: log-probability " + answer.logProb() + ", expected a finite one");
    }
  }

  /** What goes into one call; a running batch takes all and lets in what fits. */
  private List<List<Work>> packed(Request.Task task, List<Work> works) {
    if (works.isEmpty() || task == Request.Task.GENERATE) {
      return works.isEmpty() ? List.of() : List.of(works);
    }
    List<List<Work>> packs = new ArrayList<>();
    List<Work> pack = new ArrayList<>();
    int tokens = 0;
    for (Work work : works) {
      int cost = work.tokens().length;
      if (!pack.isEmpty() && tokens + cost > callTokens) {
        packs.add(pack);
        pack = new ArrayList<>();
        tokens = 0;
      }
      pack.add(work);
      tokens += cost;
    }
    packs.add(pack);
    return packs;
  }

  private List<CachedAnswer> score(List<Work> works) {
    List<Sequence> sequences =
        works.stream().map(w -> new Sequence(w.tokens(), w.lease().adapter())).toList();
    return base.score(sequences).stream().map(ModelCalls::scored).toList();
  }

  private static CachedAnswer scored(TokenScores scores) {
    return new CachedAnswer("", scores.logProb(), scores.logProbs().length, NO_EMBEDDING);
  }

  private List<CachedAnswer> generate(List<Work> works) {
    List<Continuation> continuations = works.stream().map(this::continuation).toList();
    Generations.run(
        base,
        works.stream().map(ModelCalls::prompt).toList(),
        callTokens,
        (i, token) -> continuations.get(i).add(token));
    return continuations.stream().map(Continuation::answer).toList();
  }

  private Continuation continuation(Work work) {
    return new Continuation(tokenizer, work.request().stop(), work.request().maxTokens());
  }

  private static Prompt prompt(Work work) {
    Request request = work.request();
    Sampling sampling =
        new Sampling(request.temperature(), request.topK(), request.topP(), request.seed());
    return new Prompt(work.tokens(), work.lease().adapter(), request.maxTokens(), sampling);
  }

  private List<CachedAnswer> embed(List<Work> works) {
    return base.embed(works.stream().map(Work::tokens).toList()).stream()
        .map(embedding -> new CachedAnswer("", 0, 0, embedding))
        .toList();
  }
}
