package dev.millrace.job.report;

/**
 * A picture or a sound of the stream, and what became of it.
 *
 * @param reason why it was refused; empty if it was accepted
 * @param detail the offending value and what was expected
 * @param thumbnail a data URI of what the encoders saw, drawn anew; empty for what cannot be
 *     decoded
 */
public record Exhibit(
    String domain,
    String modality,
    String id,
    String caption,
    String reason,
    String detail,
    String thumbnail) {}
