package dev.millrace.job.loop;

import dev.millrace.schema.Sample;
import java.util.List;
import java.util.SortedMap;

/**
 * What a run streams and is measured on.
 *
 * @param samples to send, in order
 * @param heldOut by domain: texts of held-out documents, to measure on
 * @param prompts by domain: texts to ask about during the run
 * @param protectedTexts what no adapter may spoil
 * @param refused by reason: what was refused before it came to a topic
 */
public record Material(
    List<Sample> samples,
    SortedMap<String, List<String>> heldOut,
    SortedMap<String, List<String>> prompts,
    List<String> protectedTexts,
    SortedMap<String, Integer> refused) {}
