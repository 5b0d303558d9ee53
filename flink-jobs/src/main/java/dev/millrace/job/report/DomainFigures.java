package dev.millrace.job.report;

import org.jspecify.annotations.Nullable;

/**
 * One domain at the end of a run; bits per byte are measured on held-out documents, through the
 * topics, on the model as served.
 *
 * @param bitsPerByteBase of the base alone
 * @param bitsPerByteAdapted of the domain's last release; the base's where there is none
 * @param bitsPerByteNgram of a byte 6-gram trained on the same bytes as the adapter; null where no
 *     release has learned any
 * @param heldOutBytes UTF-8 bytes that all three were measured on
 * @param change relative change from the base to the adapted model; -0.1 is ten percent fewer bits
 * @param otherDomainsChange relative change of the same adapter on all other domains together; null
 *     without any
 * @param trainedBytes UTF-8 bytes that taught
 */
public record DomainFigures(
    double bitsPerByteBase,
    double bitsPerByteAdapted,
    @Nullable Double bitsPerByteNgram,
    long heldOutBytes,
    double change,
    @Nullable Double otherDomainsChange,
    long trainedBytes,
    int in,
    int accepted,
    int refused,
    int batches,
    int releases) {}
