package dev.millrace.adapter;

import dev.millrace.adapter.exchange.Trainee;
import dev.millrace.adapter.gate.Gate;
import dev.millrace.adapter.gate.Protection;
import dev.millrace.adapter.publish.Ancestry;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.train.Machine;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

/**
 * What a learner works with and does not own.
 *
 * @param anchors token sequences of what the base knows, to train beside every batch
 * @param protection what the base can do, to judge every candidate by
 * @param published where what the store holds is read
 * @param past where samples that were learned are read again
 * @param shared what shared domains answer with
 * @param machine what computes, for the manifest
 * @param clock measures how long training took
 * @param rebased by release of the base before, the one on this base that says the same
 */
public record Surroundings(
    BaseModel base,
    Tokenizer tokenizer,
    List<int[]> anchors,
    Protection protection,
    ReleaseStore store,
    ReleaseFiles published,
    PastSamples past,
    SharedReleases shared,
    Machine machine,
    InstantSource clock,
    Map<String, String> rebased) {

  public Surroundings {
    rebased = Map.copyOf(rebased);
  }

  /**
   * A release that this base can serve, as it stands at a URI.
   *
   * @throws InvalidReleaseException if it is none
   */
  Release release(String uri, String id) throws IOException {
    Release release = ReleaseReader.read(published, uri, id, base.id(), base.sites());
    try {
      release.manifest().routing().requireOf(base.config());
    } catch (IllegalArgumentException e) {
      throw new InvalidReleaseException(e.getMessage(), e);
    }
    return release;
  }

  /**
   * What answers where an event is followed that is not at the base alone: of one on trial the
   * release before it.
   *
   * @throws InvalidReleaseException if it is none that this base can serve
   */
  public Release answering(ReleaseEvent event) throws IOException {
    String release = event.answering();
    return release(event.uriOf(release).orElseGet(() -> store.uri(release)), release);
  }

  /** What releases here came of. */
  Ancestry ancestry() {
    return new Ancestry(store, published);
  }

  /** What trainers work with here. */
  public Trainee.Means means(LearnerConfig config) {
    return config.means(base, anchors);
  }

  /** What judges candidates here. */
  public Gate gate(LearnerConfig config) {
    return Gate.of(base, tokenizer, protection, config.gate(), config.plan().threads());
  }

  /** What texts are held against to say which domain they belong to. */
  public KnownTexts knownTexts() {
    return KnownTexts.of(anchors, base.config().vocabSize());
  }
}
