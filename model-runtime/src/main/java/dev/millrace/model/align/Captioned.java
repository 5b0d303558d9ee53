package dev.millrace.model.align;

/**
 * A picture or a sound, and its caption as the base reads it.
 *
 * @param tokens of the caption, at least 1
 */
public record Captioned(Input media, int[] tokens) {}
