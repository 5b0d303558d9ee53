package dev.millrace.adapter;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.batch.ReplayBuffer;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that is remembered of a domain between two batches; a value.
 *
 * @param adapter weights before rounding, and the optimizer's moments
 * @param waiting what came while there was too little to judge by; the next lesson begins with it
 * @param heldOut what judges, with the scores by the current release
 * @param release the current release; null while the base alone serves
 * @param learnedTo per topic and partition the last sample learned, in that order
 * @param batches the number of the next batch
 * @param profile what the texts that were learned look like
 * @param orders what people have said since the last release
 * @param routing of the current release; null while the base alone serves
 * @param watch what the current release and the one before make of samples before they teach
 * @param forgotten what must not be known any more
 * @param base id of the base that the adapter belongs to; empty if it was written before that was
 *     kept
 * @param predecessor what serves until a release of the domain on this base is better; null if
 *     nothing does
 */
public record LearnerState(
    AdapterState adapter,
    ReplayBuffer replay,
    List<Remembered> waiting,
    Reservoir<HeldOut> heldOut,
    @Nullable String release,
    List<Origin> learnedTo,
    long batches,
    Profile profile,
    Orders orders,
    @Nullable Routing routing,
    Watch watch,
    Forgotten forgotten,
    String base,
    @Nullable Predecessor predecessor) {

  /** Reads what {@link #toBytes} wrote; anything else is refused. */
  public static LearnerState fromBytes(byte[] bytes) {
    return StateCodec.decode(bytes);
  }

  /** The state with room for so many samples to replay and to judge by. */
  LearnerState resized(int replayed, int judging) {
    return replayed == replay.past().capacity() && judging == heldOut.capacity()
        ? this
        : with(
            adapter, replay.resized(replayed), waiting, heldOut.resized(judging), watch, forgotten);
  }

  /** The state with other samples in line. */
  public LearnerState withWaiting(List<Remembered> line) {
    return with(adapter, replay, List.copyOf(line), heldOut, watch, forgotten);
  }

  LearnerState with(AdapterState other) {
    return with(other, replay, waiting, heldOut, watch, forgotten);
  }

  LearnerState with(ReplayBuffer learned) {
    return with(adapter, learned, waiting, heldOut, watch, forgotten);
  }

  LearnerState with(Watch seen) {
    return with(adapter, replay, waiting, heldOut, seen, forgotten);
  }

  LearnerState with(Forgotten other) {
    return with(adapter, replay, waiting, heldOut, watch, other);
  }

  /** The same while something else serves, or nothing does. */
  LearnerState beside(@Nullable Predecessor other) {
    return new LearnerState(
        adapter, replay, waiting, heldOut, release, learnedTo, batches, profile, orders, routing,
        watch, forgotten, base, other);
  }

  private LearnerState with(
      AdapterState weights,
      ReplayBuffer learned,
      List<Remembered> line,
      Reservoir<HeldOut> judges,
      Watch seen,
      Forgotten gone) {
    return new LearnerState(
        weights,
        learned,
        line,
        judges,
        release,
        learnedTo,
        batches,
        profile,
        orders,
        routing,
        seen,
        gone,
        base,
        predecessor);
  }

  /** True while an event that was obeyed has left something to be learned again. */
  public boolean learnsAgain() {
    return !forgotten.again().isEmpty();
  }

  /** The state as bytes, the same for equal states. */
  public byte[] toBytes() {
    return StateCodec.encode(this);
  }
}
