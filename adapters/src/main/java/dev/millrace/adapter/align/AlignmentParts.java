package dev.millrace.adapter.align;

import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.train.Machine;
import dev.millrace.model.align.KnownPairs;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.Routing;
import java.time.InstantSource;

/**
 * What a learner of alignments works with and does not own.
 *
 * @param base id of the base whose hidden states captions come with
 * @param routing of that base
 * @param known what its encoders know, and which they are
 * @param published where what the store holds is read
 * @param machine what computes, for the manifest
 * @param seed of every draw
 * @param clock measures how long training took
 */
public record AlignmentParts(
    String base,
    Routing routing,
    KnownPairs known,
    ReleaseStore store,
    ReleaseFiles published,
    Machine machine,
    long seed,
    InstantSource clock) {}
