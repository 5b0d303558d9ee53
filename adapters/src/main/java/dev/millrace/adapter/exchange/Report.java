package dev.millrace.adapter.exchange;

import java.util.List;

/**
 * A process's message of a round: the one thing that crosses the network.
 *
 * @param message empty if none of its trainers learned anything
 * @param told by each trainer, in order
 */
public record Report(Call call, int round, int process, byte[] message, List<Told> told) {}
