package dev.millrace.adapter.align;

import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.model.align.AlignAdapter;
import dev.millrace.schema.Origin;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All that a domain remembers of its pairs; a value.
 *
 * @param space in which its pairs lie and its adapter was learned
 * @param adapter the current one, which the domain's samples are scored by
 * @param release that it is; null while the encoders that ship see for the domain
 * @param batches the number of the next batch
 * @param waiting the batch that gathers
 * @param past what was learned, to learn from again
 * @param heldOut what judges
 * @param learnedTo per topic and partition the last sample learned
 * @param obeyed the release event that the next manifest names; null if none
 * @param pinned whether nothing may be published
 * @param forgotten ids of samples that must not be learned any more, sorted
 */
public record AlignmentState(
    Space space,
    AlignAdapter adapter,
    @Nullable String release,
    long batches,
    List<PairPlaces> waiting,
    Reservoir<PairPlaces> past,
    Reservoir<PairPlaces> heldOut,
    List<Origin> learnedTo,
    @Nullable Origin obeyed,
    boolean pinned,
    List<String> forgotten) {

  /** The state of a domain that has shown no pair yet. */
  static AlignmentState empty(Space space, int replayed, int judging) {
    return new AlignmentState(
        space,
        AlignAdapter.NONE,
        null,
        0,
        List.of(),
        Reservoir.empty(replayed),
        Reservoir.empty(judging),
        List.of(),
        null,
        false,
        List.of());
  }

  /** What another space leaves of it: it goes on counting, and is bound by what people ordered. */
  AlignmentState begunAnew(AlignmentState empty) {
    return new AlignmentState(
        empty.space,
        empty.adapter,
        empty.release,
        batches,
        empty.waiting,
        empty.past,
        empty.heldOut,
        empty.learnedTo,
        empty.obeyed,
        pinned,
        forgotten);
  }

  /** Reads what {@link #toBytes} wrote; anything else is refused. */
  public static AlignmentState fromBytes(byte[] bytes) {
    return AlignmentCodec.decode(bytes);
  }

  /** The state as bytes, the same for equal states. */
  public byte[] toBytes() {
    return AlignmentCodec.encode(this);
  }

  /** Ids of what must not be learned any more, once these are among them. */
  List<String> forgottenBeside(List<String> ids) {
    TreeSet<String> all = new TreeSet<>(forgotten);
    all.addAll(ids);
    return List.copyOf(all);
  }

  /** The state with the room that is configured. */
  AlignmentState resized(AlignmentConfig config) {
    return config.replay() == past.capacity() && config.heldOut() == heldOut.capacity()
        ? this
        : with(batches, waiting, past.resized(config.replay()), heldOut.resized(config.heldOut()));
  }

  AlignmentState withWaiting(List<PairPlaces> line) {
    return with(batches, List.copyOf(line), past, heldOut);
  }

  AlignmentState withHeldOut(Reservoir<PairPlaces> judges) {
    return with(batches, waiting, past, judges);
  }

  /** The state whose next batch comes after one of such a number, whichever run counted it. */
  AlignmentState goingOn(long batch) {
    return with(Math.max(batches, batch + 1), waiting, past, heldOut);
  }

  /** After a batch that changed nothing; what it held is remembered, or not. */
  AlignmentState after(Reservoir<PairPlaces> remembered) {
    return with(batches + 1, List.of(), remembered, heldOut);
  }

  private AlignmentState with(
      long number,
      List<PairPlaces> line,
      Reservoir<PairPlaces> remembered,
      Reservoir<PairPlaces> judges) {
    return new AlignmentState(
        space,
        adapter,
        release,
        number,
        line,
        remembered,
        judges,
        learnedTo,
        obeyed,
        pinned,
        forgotten);
  }

  /** After a batch that became a release. */
  AlignmentState published(
      AlignAdapter candidate, String id, Reservoir<PairPlaces> remembered, List<Origin> progress) {
    return new AlignmentState(
        space,
        candidate,
        id,
        batches + 1,
        List.of(),
        remembered,
        heldOut,
        progress,
        null,
        pinned,
        forgotten);
  }

  /** Where an event takes it; pairs that are not wanted any more are dropped from all lists. */
  AlignmentState taken(
      AlignAdapter to,
      @Nullable String id,
      List<Origin> progress,
      Origin event,
      boolean pin,
      List<String> ids,
      Predicate<PairPlaces> learned) {
    Predicate<PairPlaces> wanted = pair -> !ids.contains(pair.id());
    return new AlignmentState(
        space,
        to,
        id,
        batches,
        waiting.stream().filter(wanted).toList(),
        past.keep(wanted.and(learned)),
        heldOut.with(heldOut.entries().stream().filter(wanted).toList()),
        progress,
        event,
        pin,
        ids);
  }
}
