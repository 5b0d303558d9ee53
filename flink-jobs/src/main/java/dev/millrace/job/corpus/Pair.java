package dev.millrace.job.corpus;

import dev.millrace.schema.Modality;
import java.util.function.Supplier;

/**
 * Something and what it is called.
 *
 * @param kind of pairs, see {@link Pairs#kinds}
 * @param document the file or name that splits go by: all of it is trained on, or nothing
 * @param cluster pairs of one cluster are hard to tell apart
 * @param payload a picture's, sound's or code's bytes, made anew with each call
 */
public record Pair(
    String kind,
    Modality modality,
    String document,
    String cluster,
    String caption,
    Supplier<byte[]> payload) {}
