package dev.millrace.model.cache;

/**
 * What a semantic tier did since it was made.
 *
 * @param lookups questions that were embedded and looked up
 * @param near those with a neighbour near enough to be considered
 * @param hits questions that got its answer, those that waited for an equal one's among them
 * @param checked those that the model answered beside it, as evidence
 * @param wrong those of them that it answered otherwise
 * @param bad neighbours that were corrupted or of another scope
 * @param failures calls of the store that failed
 * @param up whether the store is being asked at all
 */
public record SemanticCounts(
    long lookups,
    long near,
    long hits,
    long checked,
    long wrong,
    long bad,
    long failures,
    boolean up) {}
