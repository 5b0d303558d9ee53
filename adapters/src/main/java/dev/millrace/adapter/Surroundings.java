package dev.millrace.adapter;

import dev.millrace.adapter.gate.Protection;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.train.Machine;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.text.Tokenizer;
import java.time.InstantSource;
import java.util.List;

/**
 * What a learner works with and does not own.
 *
 * @param anchors token sequences of what the base knows, to train beside every batch
 * @param protection what the base can do, to judge every candidate by
 * @param published where what the store holds is read
 * @param machine what computes, for the manifest
 * @param clock measures how long training took
 */
public record Surroundings(
    BaseModel base,
    Tokenizer tokenizer,
    List<int[]> anchors,
    Protection protection,
    ReleaseStore store,
    ReleaseFiles published,
    Machine machine,
    InstantSource clock) {

  /** What the texts of a domain are held against. */
  KnownTexts knownTexts() {
    return KnownTexts.of(anchors, base.config().vocabSize());
  }
}
