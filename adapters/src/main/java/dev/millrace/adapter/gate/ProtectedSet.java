package dev.millrace.adapter.gate;

import java.util.List;

/** Token sequences of something that the base knows and no adapter may spoil. */
public record ProtectedSet(String name, List<int[]> sequences) {}
