package dev.millrace.job.operator.serve;

import dev.millrace.job.operator.SharedSerializer;
import dev.millrace.model.swap.SwapResult;
import dev.millrace.model.swap.SwapResult.Outcome;
import dev.millrace.model.swap.SwapRule;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeutils.base.StringSerializer;

/**
 * The events behind what a subtask answers by, which are its state: of each alias the one that is
 * live, and those that were read and are not settled.
 */
final class FollowedReleases {

  private static final String LIVE = "live";
  private static final String LOADING = "loading";
  private static final String LIVE_IN_ANY = "live-in-any";
  private static final String BEGUN = "begun";

  /** Of its states. */
  static final Set<String> NAMES = Set.of(LIVE, LOADING, LIVE_IN_ANY, BEGUN);

  private final BroadcastState<String, ReleaseEvent> live;
  private final BroadcastState<String, ReleaseEvent> loading;

  /** What is live in all subtasks: one that has loaded less may have the keys of another now. */
  private final ListState<ReleaseEvent> liveInAny;

  /**
   * Under one key, up to where the topic was read when the job began, until its source is there.
   */
  private final BroadcastState<String, String> begun;

  FollowedReleases(OperatorStateStore state) throws Exception {
    live = state.getBroadcastState(events(LIVE));
    loading = state.getBroadcastState(events(LOADING));
    begun =
        state.getBroadcastState(
            new MapStateDescriptor<>(BEGUN, StringSerializer.INSTANCE, StringSerializer.INSTANCE));
    liveInAny =
        state.getUnionListState(
            new ListStateDescriptor<>(LIVE_IN_ANY, SharedSerializer.of(ReleaseEvent.class)));
    for (ReleaseEvent event : liveInAny.get()) {
      catchUp(event);
    }
  }

  /** Only with what is still loading here: what was refused here alone was settled. */
  private void catchUp(ReleaseEvent event) throws Exception {
    String place = Activation.place(event);
    ReleaseEvent here = loading.get(place);
    ReleaseEvent now = live.get(event.line().key());
    if (here != null
        && here.release().equals(event.release())
        && (now == null || isBehind(event, now))) {
      live.put(event.line().key(), event);
      loading.remove(place);
    }
  }

  private static MapStateDescriptor<String, ReleaseEvent> events(String name) {
    return new MapStateDescriptor<>(
        name, StringSerializer.INSTANCE, SharedSerializer.of(ReleaseEvent.class));
  }

  List<ReleaseEvent> live() throws Exception {
    List<ReleaseEvent> events = new ArrayList<>();
    live.immutableEntries().forEach(entry -> events.add(entry.getValue()));
    return events;
  }

  /** A checkpoint is taken. */
  void snapshot() throws Exception {
    liveInAny.update(live());
  }

  /** In the order of reading. */
  List<ReleaseEvent> loading() throws Exception {
    Map<String, ReleaseEvent> inOrder = new TreeMap<>();
    loading.immutableEntries().forEach(entry -> inOrder.put(entry.getKey(), entry.getValue()));
    return List.copyOf(inOrder.values());
  }

  /** Whether something that was read is not settled, but for what stands at these places. */
  boolean isLoading(Set<String> but) throws Exception {
    for (Map.Entry<String, ReleaseEvent> event : loading.immutableEntries()) {
      if (!but.contains(event.getKey())) {
        return true;
      }
    }
    return false;
  }

  /** Whether its alias follows what stands behind it. */
  boolean isPast(ReleaseEvent event) throws Exception {
    ReleaseEvent now = live.get(event.line().key());
    return now != null && isBehind(now, event);
  }

  /** Whether something of its alias that stands behind it, and no trial on it, is not settled. */
  boolean maySoonBePast(ReleaseEvent event) throws Exception {
    for (Map.Entry<String, ReleaseEvent> other : loading.immutableEntries()) {
      ReleaseEvent later = other.getValue();
      if (later.line().key().equals(event.line().key())
          && isBehind(later, event)
          && later.withheld() == 0) {
        return true;
      }
    }
    return false;
  }

  private static boolean isBehind(ReleaseEvent later, ReleaseEvent event) {
    return Activation.place(later).compareTo(Activation.place(event)) > 0;
  }

  /** The events of each alias, in their order. */
  static Collection<List<ReleaseEvent>> lines(List<ReleaseEvent> events) {
    Map<String, List<ReleaseEvent>> lines = new TreeMap<>();
    for (ReleaseEvent event : events) {
      lines.computeIfAbsent(event.line().key(), line -> new ArrayList<>()).add(event);
    }
    return lines.values();
  }

  /** The topic held these when the job began. */
  void begun(List<ReleaseEvent> events) throws Exception {
    if (!events.isEmpty()) {
      begun.put(BEGUN, Activation.place(events.get(events.size() - 1)));
    }
  }

  /** Passes over what the topic held when the job began; says whether the event is of that. */
  boolean passesOver(ReleaseEvent event) throws Exception {
    String last = begun.get(BEGUN);
    int behind = last == null ? 1 : Activation.place(event).compareTo(last);
    if (last != null && behind >= 0) {
      begun.clear(); // whatever comes is new, also on a topic that is made anew
    }
    return behind <= 0;
  }

  void read(ReleaseEvent event) throws Exception {
    ReleaseEvent now = live.get(event.line().key());
    if (now != null && isBehind(now, event)) { // the topic was made anew: it stands before all
      live.put(event.line().key(), now.at(Origin.UNWRITTEN));
    }
    loading.put(Activation.place(event), event);
  }

  /** What was switched to is live, with what events before it have said of trainers and orders. */
  void settle(SwapResult result) throws Exception {
    ReleaseEvent event = result.event();
    loading.remove(Activation.place(event));
    if (result.outcome() == Outcome.SWAPPED) {
      String line = event.line().key();
      live.put(line, SwapRule.followed(event, live.get(line)));
    }
  }
}
