package dev.millrace.adapter;

import dev.millrace.adapter.batch.Progress;
import dev.millrace.adapter.gate.Gate;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.ErrorLine;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Takes what is remembered of a domain back to the release that an event names. */
record Rewinder(Surroundings surroundings, Gate gate, ShareKeeper shares, Rebasing rebasing) {
  /**
   * Where a domain is taken to; no release means the base alone.
   *
   * @param last the last batch whose samples are replayed: it taught what serves now, too
   * @param adopted whether it was made elsewhere, and is taken over now
   * @param predecessor what serves on another base; null if nothing does
   */
  private record Target(
      AdapterState adapter,
      Place place,
      long last,
      boolean adopted,
      @Nullable Predecessor predecessor) {

    /** Where nothing that was learned on this base is known. */
    static Target of(Rebasing.Beginning begins, @Nullable Predecessor predecessor) {
      return new Target(begins.adapter(), begins.place(), -1, false, predecessor);
    }
  }

  /**
   * The state as of the release; the verdict says what was obeyed, or why it was not.
   *
   * @param initial the domain's state before its first batch
   */
  Outcome rewind(LearnerState state, ReleaseEvent event, LearnerState initial) {
    try {
      Target target =
          event.release().isEmpty()
              ? Target.of(Rebasing.Beginning.anew(initial), null)
              : target(state, event, initial);
      Orders orders = new Orders(event.origin(), event.pins());
      Forgotten forgotten = forgotten(state, event, target.place().release());
      LearnerState back = to(target, state.with(forgotten), orders);
      return new Outcome(back, verdict(back, state, event, ""), null);
    } catch (InvalidReleaseException | FileNotFoundException | NoSuchFileException e) {
      return Outcome.refused(state, event, "release-invalid: " + ErrorLine.of(e));
    } catch (IOException e) {
      throw new UncheckedIOException("release " + event.release() + " cannot be read", e);
    }
  }

  private Forgotten forgotten(LearnerState state, ReleaseEvent event, @Nullable String target)
      throws IOException {
    return event.forgotten().isEmpty()
        ? state.forgotten()
        : state
            .forgotten()
            .with(event.forgotten(), surroundings.ancestry().after(target, state.release()));
  }

  /**
   * The state as of the release before the current one, which the watch knows; no store is asked.
   *
   * @param seen what the next manifest names in an event's place
   */
  LearnerState rewind(LearnerState state, Origin seen, LearnerState initial) {
    Place before = Objects.requireNonNull(state.watch().before());
    AdapterWeights served = Objects.requireNonNull(state.watch().served());
    Target target =
        before.release() == null
            ? Target.of(Rebasing.Beginning.anew(initial), null)
            : new Target(AdapterState.fresh(served), before, before.batch(), false, null);
    return to(target, state, new Orders(seen, false));
  }

  /** A domain that moves to this base begins here beside a release of the base before. */
  private Target target(LearnerState state, ReleaseEvent event, LearnerState initial)
      throws IOException {
    Predecessor before = state.predecessor();
    if (before != null && !before.shared()) {
      Manifest manifest =
          ReleaseReader.readManifest(surroundings.published(), event.uri(), event.release());
      if (!manifest.base().equals(surroundings.base().id())) {
        requireOurs(manifest, event);
        return Target.of(rebasing.from(event.release(), initial), before.at(event.release()));
      }
    }
    return target(state, event);
  }

  private Target target(LearnerState state, ReleaseEvent event) throws IOException {
    Release release = read(event);
    return new Target(
        AdapterState.fresh(release.adapter()),
        Place.of(event.release(), event.uri(), release),
        surroundings.ancestry().common(state.release(), release.manifest()),
        Adopter.adopts(event, release.manifest()),
        null);
  }

  private Release read(ReleaseEvent event) throws IOException {
    Release release = surroundings.release(event.uri(), event.release());
    requireOurs(release.manifest(), event);
    return release;
  }

  private static void requireOurs(Manifest manifest, ReleaseEvent event) {
    if (!Objects.equals(manifest.tenant(), event.tenant())
        || !manifest.domain().equals(event.domain())) {
      throw new InvalidReleaseException(
          "release of domain %s of tenant %s, expected %s of %s"
              .formatted(manifest.domain(), manifest.tenant(), event.domain(), event.tenant()));
    }
  }

  /** What waits to be learned belongs to no release and stays, but for what is forgotten. */
  private LearnerState to(Target target, LearnerState state, Orders orders) {
    Place place = target.place();
    Forgotten forgotten = state.forgotten();
    Served incumbent = shares.served(target.adapter(), place.routing());
    List<HeldOut> judging =
        state.heldOut().entries().stream()
            .filter(judge -> !forgotten.contains(judge.id()))
            .toList();
    Predecessor predecessor = target.predecessor();
    return new LearnerState(
        target.adapter(),
        state
            .replay()
            .keep(
                sample ->
                    sample.batch() <= target.last()
                        && Progress.includes(place.learnedTo(), sample.origin())
                        && !forgotten.contains(sample.id())),
        state.waiting().stream().filter(sample -> !forgotten.contains(sample.id())).toList(),
        state.heldOut().with(gate.reexamine(judging, incumbent)),
        place.release(),
        place.learnedTo(),
        state.batches(),
        place.profile(),
        orders,
        place.routing(),
        watch(target, state),
        forgotten,
        surroundings.base().id(),
        predecessor == null ? null : predecessor.among(judging));
  }

  /**
   * What was adopted is watched beside what served until then; what served once is not, nor is
   * anything beside a shadow, to which nobody may be taken back.
   */
  private static Watch watch(Target target, LearnerState state) {
    boolean known = Objects.equals(target.place().release(), state.release());
    return target.adopted() && !known && state.predecessor() == null
        ? state.watch().instead(target.place(), Quantizer.quantize(state.adapter().weights()))
        : Watch.at(target.place());
  }

  /**
   * @param trouble why the event is not obeyed; empty if it is
   */
  static Verdict verdict(LearnerState now, LearnerState state, ReleaseEvent event, String trouble) {
    return Verdict.onOrder(
        event,
        state.batches(),
        event.release().isEmpty() ? null : event.release(),
        state.release(),
        trouble,
        event.forgotten().isEmpty()
            ? Map.of()
            : Map.of("releasesLeft", (double) now.forgotten().again().size()));
  }
}
