package dev.millrace.schema;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Samples of one domain that are learned together.
 *
 * @param number counts the domain's batches from 0
 * @param samples what teaches, in order of arrival
 * @param heldOut what arrived since the last batch and judges from now on
 */
public record TrainingBatch(
    @Nullable String tenant,
    String domain,
    long number,
    List<ScoredSample> samples,
    List<ScoredSample> heldOut) {}
