package dev.millrace.adapter;

import dev.millrace.adapter.gate.Gate;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.gate.Served;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Release;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.wire.ErrorLine;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A tenant is answered by the shared domain of a name until a release of its own domain is better.
 * What that answers with moves on, so it is asked for, and reads all held-out samples, before each
 * lesson.
 */
record SharedPredecessors(Surroundings surroundings, Gate gate) {

  private static final Logger LOG = LoggerFactory.getLogger(SharedPredecessors.class);

  /**
   * A domain's state beside what answers.
   *
   * @param served the shared release; null if none answers, or it cannot be read
   */
  record Beside(LearnerState state, @Nullable Served served) {}

  /**
   * The state beside what answers now.
   *
   * @throws UncheckedIOException if that cannot be read now
   */
  Beside beside(LearnerState state, @Nullable String tenant, String domain) {
    if (tenant == null || hasSucceeded(state)) {
      return new Beside(state, null);
    }
    SharedReleases.Answering now = surroundings.shared().answering(tenant, domain);
    ReleaseEvent event = beginsFromNothing(state) ? now.inItsPlace() : now.shared();
    if (event == null) {
      boolean shadow = state.release() != null;
      return new Beside(state.beside(shadow ? Predecessor.ofShared("", List.of()) : null), null);
    }
    Served served = served(event);
    List<HeldOut> judged =
        served == null ? List.of() : gate.reexamine(state.heldOut().entries(), served);
    return new Beside(state.beside(Predecessor.ofShared(event.answering(), judged)), served);
  }

  /** A release without a predecessor is one that answers; so is one of the base before. */
  private static boolean hasSucceeded(LearnerState state) {
    Predecessor predecessor = state.predecessor();
    return predecessor == null ? state.release() != null : !predecessor.shared();
  }

  /**
   * Only then the topic knows better whether a release of its own answers: it does not tell yet
   * what this learner took back a moment ago.
   */
  private static boolean beginsFromNothing(LearnerState state) {
    return state.release() == null
        && state.predecessor() == null
        && state.orders().obeyed() == null;
  }

  private @Nullable Served served(ReleaseEvent event) {
    try {
      Release release = surroundings.answering(event);
      return new Served(release.adapter(), release.manifest().routing());
    } catch (InvalidReleaseException | FileNotFoundException | NoSuchFileException e) {
      LOG.warn(
          "release {} of the shared domain {} cannot be compared with, those of tenants are its"
              + " shadows until it can, or somebody orders another: {}",
          event.answering(),
          event.domain(),
          ErrorLine.of(e));
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "release %s of the shared domain %s cannot be read"
              .formatted(event.answering(), event.domain()),
          e);
    }
  }
}
