package dev.millrace.adapter;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.gate.Gate;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.gate.Served;
import dev.millrace.schema.Origin;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Brings a domain to another base: it begins anew there, or at a release that was brought there
 * before it, while its release on the old base serves on. What waits and what judges is read again,
 * for another base may cut texts otherwise.
 */
record Mover(Surroundings surroundings, Gate gate, ShareKeeper shares, Rebasing rebasing) {

  /** Whether a state is of another base. */
  boolean mustMove(LearnerState state) {
    return !state.base().isEmpty() && !state.base().equals(surroundings.base().id());
  }

  /**
   * The state on this base.
   *
   * @param initial the domain's state before its first batch
   */
  LearnerState move(LearnerState state, LearnerState initial) {
    Predecessor before = predecessor(state);
    Rebasing.Beginning begins = rebasing.from(before == null ? null : before.release(), initial);
    Place place = begins.place();
    Map<Origin, int[]> tokens = tokens(state);
    List<HeldOut> judging =
        judging(
            state.heldOut().entries().stream()
                .filter(sample -> tokens.containsKey(sample.origin()))
                .map(sample -> cut(sample, tokens))
                .toList(),
            shares.served(initial.adapter(), null),
            shares.served(begins.adapter(), place.routing()));
    return new LearnerState(
        begins.adapter(),
        initial.replay(),
        waiting(state, tokens),
        state.heldOut().with(judging),
        place.release(),
        place.learnedTo(),
        state.batches(),
        place.profile(),
        begins.orders(state.orders()),
        place.routing(),
        Watch.at(place),
        new Forgotten(state.forgotten().samples(), List.of()),
        initial.base(),
        before == null ? null : before.among(state.heldOut().entries(), judging));
  }

  /** Too few to predict any are as good as none that can be read. */
  private Map<Origin, int[]> tokens(LearnerState state) {
    Map<Origin, int[]> tokens = new HashMap<>(surroundings.past().tokens(ids(state)));
    tokens.values().removeIf(text -> text.length < 2);
    return tokens;
  }

  private static Map<Origin, String> ids(LearnerState state) {
    Map<Origin, String> ids = new HashMap<>();
    state.waiting().forEach(sample -> ids.put(sample.origin(), sample.id()));
    state.heldOut().entries().forEach(sample -> ids.put(sample.origin(), sample.id()));
    return ids;
  }

  private HeldOut cut(HeldOut sample, Map<Origin, int[]> tokens) {
    int[] now = tokens.getOrDefault(sample.origin(), new int[0]);
    int bytes = surroundings.tokenizer().decode(now).getBytes(StandardCharsets.UTF_8).length;
    return new HeldOut(sample.id(), sample.origin(), now, bytes, 0, 0);
  }

  /** As this base alone judges them, and what a domain begins with. */
  private List<HeldOut> judging(List<HeldOut> samples, Served alone, Served begins) {
    List<HeldOut> byBase = new ArrayList<>();
    for (HeldOut sample : gate.reexamine(samples, alone)) {
      double logProb = sample.incumbentLogProb();
      byBase.add(
          new HeldOut(
              sample.id(), sample.origin(), sample.tokens(), sample.bytes(), logProb, logProb));
    }
    return gate.reexamine(byBase, begins);
  }

  private static List<Remembered> waiting(LearnerState state, Map<Origin, int[]> tokens) {
    List<Remembered> waiting = new ArrayList<>();
    for (Remembered sample : state.waiting()) {
      int[] now = tokens.get(sample.origin());
      if (now != null) {
        waiting.add(new Remembered(sample.id(), sample.origin(), now));
      }
    }
    return List.copyOf(waiting);
  }

  /**
   * While a release is on trial, the one before it answers; the bar is what the latest made. What
   * the shared domain answers with is asked for again.
   */
  private static @Nullable Predecessor predecessor(LearnerState state) {
    Predecessor before = state.predecessor();
    if (before != null) {
      return before.shared() ? null : before;
    }
    String answers =
        state.watch().trial()
            ? Objects.requireNonNull(state.watch().before()).release()
            : state.release();
    return answers == null ? null : Predecessor.of(answers, state.heldOut().entries());
  }
}
