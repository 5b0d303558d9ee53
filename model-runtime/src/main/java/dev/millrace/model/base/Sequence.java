package dev.millrace.model.base;

/** Token ids (at least 2) and the adapter that reads them. */
public record Sequence(int[] tokens, LoadedAdapter adapter) {}
