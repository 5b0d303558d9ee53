package dev.millrace.adapter.gate;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.base.Sampling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** Compares greedy outputs with the base's, which are generated once. */
final class Canaries {
  private static final Sampling GREEDY = new Sampling(0, 0, 1, 0);

  private final BaseModel base;
  private final List<Canary> canaries;
  private final int tokens;
  private @Nullable List<int[]> expected;

  /**
   * @param tokens of each output
   * @throws IllegalArgumentException if one has no tokens, or the base fewer positions than it
   *     takes with its output
   */
  Canaries(BaseModel base, List<Canary> canaries, int tokens) {
    this.base = base;
    this.canaries = canaries;
    this.tokens = tokens;
    int positions = base.config().maxPositionEmbeddings();
    for (Canary canary : canaries) {
      if (canary.prompt().length == 0) {
        throw new IllegalArgumentException(
            "text of canary %s is \"\", expected one of a token or more (canaries.jsonl)"
                .formatted(canary.name()));
      }
      int room = positions - canary.prompt().length;
      if (tokens > room) {
        throw new IllegalArgumentException(
            "learn.gate.canaryTokens is %d, expected at most %d: canary %s has %d tokens, the base %d positions"
                .formatted(tokens, room, canary.name(), canary.prompt().length, positions));
      }
    }
  }

  int count() {
    return canaries.size();
  }

  /**
   * Names of those that an adapter goes on from otherwise; asked until its thread is interrupted.
   */
  List<String> changed(LoadedAdapter adapter) {
    return changed(
        expected(Canaries::requireUninterrupted), outputs(adapter, Canaries::requireUninterrupted));
  }

  /**
   * Names of those that this base goes on from otherwise than another.
   *
   * @param before is run for each token; what it throws ends the asking
   */
  List<String> changed(Canaries other, Runnable before) {
    return changed(other.expected(before), expected(before));
  }

  private static void requireUninterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("interrupted");
    }
  }

  private List<String> changed(List<int[]> before, List<int[]> after) {
    List<String> changed = new ArrayList<>();
    for (int i = 0; i < canaries.size(); i++) {
      if (!Arrays.equals(before.get(i), after.get(i))) {
        changed.add(canaries.get(i).name());
      }
    }
    return List.copyOf(changed);
  }

  private synchronized List<int[]> expected(Runnable before) {
    if (expected == null) {
      expected = outputs(base.noAdapter(), before);
    }
    return expected;
  }

  private List<int[]> outputs(LoadedAdapter adapter, Runnable before) {
    List<Prompt> prompts =
        canaries.stream().map(c -> new Prompt(c.prompt(), adapter, tokens, GREEDY)).toList();
    return prompts.isEmpty()
        ? List.of()
        : base.generate(prompts, before).stream().map(generation -> generation.tokens()).toList();
  }
}
