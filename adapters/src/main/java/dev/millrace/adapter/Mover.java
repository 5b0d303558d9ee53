package dev.millrace.adapter;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.gate.Gate;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings a domain to another base: it begins anew there, while its release on the old base serves
 * on. What waits and what judges is read again, for another base may cut texts otherwise.
 */
record Mover(Surroundings surroundings, Gate gate, ShareKeeper shares) {

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
    Map<Origin, int[]> tokens = tokens(state);
    List<HeldOut> judging =
        judging(
            state.heldOut().entries().stream()
                .filter(sample -> tokens.containsKey(sample.origin()))
                .map(sample -> cut(sample, tokens))
                .toList(),
            initial);
    Reservoir<HeldOut> heldOut =
        state.heldOut().keep(sample -> tokens.containsKey(sample.origin())).with(judging);
    return new LearnerState(
        initial.adapter(),
        initial.replay(),
        waiting(state, tokens),
        heldOut,
        null,
        List.of(),
        state.batches(),
        initial.profile(),
        state.orders(),
        null,
        Watch.at(Place.BASE),
        new Forgotten(state.forgotten().samples(), List.of()),
        initial.base(),
        predecessor(state, judging));
  }

  /** Too few to predict any are as good as none that can be read. */
  private Map<Origin, int[]> tokens(LearnerState state) {
    Map<Origin, int[]> tokens = new HashMap<>(surroundings.past().tokens(places(state)));
    tokens.values().removeIf(text -> text.length < 2);
    return tokens;
  }

  private static Set<Origin> places(LearnerState state) {
    Set<Origin> places = new HashSet<>();
    state.waiting().forEach(sample -> places.add(sample.origin()));
    state.heldOut().entries().forEach(sample -> places.add(sample.origin()));
    return places;
  }

  private static HeldOut cut(HeldOut sample, Map<Origin, int[]> tokens) {
    int[] now = tokens.getOrDefault(sample.origin(), new int[0]);
    return new HeldOut(sample.id(), sample.origin(), now, sample.bytes(), 0, 0);
  }

  /** As this base alone judges them. */
  private List<HeldOut> judging(List<HeldOut> samples, LearnerState initial) {
    List<HeldOut> judged = new ArrayList<>();
    for (HeldOut sample :
        gate.reexamine(samples, shares.served(initial.adapter(), initial.routing()))) {
      double logProb = sample.incumbentLogProb();
      judged.add(
          new HeldOut(
              sample.id(), sample.origin(), sample.tokens(), sample.bytes(), logProb, logProb));
    }
    return List.copyOf(judged);
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

  private static @Nullable Predecessor predecessor(LearnerState state, List<HeldOut> kept) {
    Predecessor before =
        state.predecessor() == null && state.release() != null
            ? Predecessor.of(state.release(), state.heldOut().entries())
            : state.predecessor();
    return before == null ? null : before.among(kept);
  }
}
