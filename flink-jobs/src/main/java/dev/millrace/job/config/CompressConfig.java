package dev.millrace.job.config;

import dev.millrace.adapter.gate.GateConfig;
import java.io.Serializable;

/**
 * How a job makes a smaller base of what the stream has taught.
 *
 * @param factor how many times fewer parameters than the base, embeddings included
 * @param steps of 4,096 tokens; a narrow part takes four of 1,024 for each
 * @param text weight of the text's own tokens, 0 to 1; the rest is the teacher's
 * @param temperature that the logits of both are divided by
 * @param likeliest tokens that the teacher names at each place
 * @param saveEvery steps, as it takes them, between two states
 * @param bound by what share the bits per byte of protected texts and of anchors may be higher
 * @param domainBound the same of the domain whose release teaches, beside its adapter
 * @param seed of weights and order
 * @param work folder of states and of what the teacher said, on the machine that trains
 * @param release id of the release under whose adapter the base teaches; empty for the base alone
 */
public record CompressConfig(
    double factor,
    int steps,
    double text,
    double temperature,
    int likeliest,
    int saveEvery,
    double bound,
    double domainBound,
    long seed,
    String work,
    String release)
    implements Serializable {

  static CompressConfig defaults() {
    return new CompressConfig(
        13.5,
        6_000,
        0.1,
        1,
        64,
        250,
        GateConfig.defaults().protectedBound(),
        0.01,
        1,
        ".millrace/compress",
        "");
  }
}
