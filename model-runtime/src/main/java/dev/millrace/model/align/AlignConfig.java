package dev.millrace.model.align;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * {@code config.json} of an aligner's folder.
 *
 * @param base id of the base model whose hidden states its texts come with
 * @param hiddenSize width of those
 * @param steps how long it was trained
 */
public record AlignConfig(
    @JsonProperty(required = true) String base,
    @JsonProperty(required = true) int hiddenSize,
    @JsonProperty(required = true) int steps,
    @JsonProperty(required = true) long seed) {}
