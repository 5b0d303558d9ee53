package dev.millrace.job.operator.serve;

import dev.millrace.job.operator.serve.ActivationMessage.Decision;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Whether all subtasks switch to a release: yes if all have staged it, no as soon as one cannot or
 * is late. A decision is never taken back.
 */
final class Ballots {

  /** What refusals begin with. */
  static final String NOT_TOGETHER = "not-together: ";

  /** Decisions that are remembered: whoever speaks up later than that has a broken clock. */
  static final int REMEMBERED = 1_000;

  private final Map<String, Set<Integer>> staged = new HashMap<>();
  private final Map<String, Decision> decided = new LinkedHashMap<>();

  /**
   * The decision, if this vote brings it about, or the refusal that whoever votes has not heard of.
   * On what all switched to all have voted: the vote is on an event of a topic that was made anew.
   */
  @Nullable Decision vote(String place, int subtask, @Nullable String problem, int subtasks) {
    Decision refused = refusal(place);
    if (refused != null) {
      return refused;
    }
    decided.remove(place);
    if (problem != null) {
      return decide(place, NOT_TOGETHER + "subtask " + subtask + ": " + problem);
    }
    Set<Integer> voters = staged.computeIfAbsent(place, absent -> new TreeSet<>());
    voters.add(subtask);
    return voters.size() == subtasks ? decide(place, null) : null;
  }

  /** The decision, if none was to switch before the time was up; null if all were. */
  @Nullable Decision overdue(String place, int subtasks) {
    if (decided.containsKey(place)) {
      return refusal(place);
    }
    Set<Integer> voters = staged.getOrDefault(place, Set.of());
    String late =
        IntStream.range(0, subtasks)
            .filter(subtask -> !voters.contains(subtask))
            .mapToObj(String::valueOf)
            .collect(Collectors.joining(", "));
    return decide(place, NOT_TOGETHER + "no word of subtask " + late + " in time");
  }

  private @Nullable Decision refusal(String place) {
    Decision known = decided.get(place);
    return known == null || known.refusal() == null ? null : known;
  }

  private Decision decide(String place, @Nullable String refusal) {
    Decision decision = new Decision(place, refusal);
    staged.remove(place);
    decided.put(place, decision);
    if (decided.size() > REMEMBERED) {
      decided.remove(decided.keySet().iterator().next());
    }
    return decision;
  }

  /** What a subtask may have missed: refusals, and what its own vote brought about too early. */
  List<Decision> decisions() {
    return List.copyOf(decided.values());
  }

  /** A subtask begins again from a checkpoint: it votes again, and others do not. */
  void leave(int subtask) {
    staged.values().forEach(voters -> voters.remove(subtask));
    decided.clear();
  }

  /** All subtasks begin again from a checkpoint: they vote again. */
  void clear() {
    staged.clear();
    decided.clear();
  }
}
