package dev.millrace.adapter.exchange;

import dev.millrace.model.release.Routing;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a process's trainers begin a lesson from.
 *
 * @param lesson its seed
 * @param from names the training that they kept the moments of; empty if they kept none
 * @param dense the adapter to begin at, where it is not the one they kept
 * @param first AdamW's first moment, where they kept none; empty stands for zeros
 * @param second the same of the second moment
 * @param step optimizer steps taken so far
 * @param anchors how many times as much they weigh as the configuration has it
 * @param shares of the lesson, in the order of the trainers
 */
public record Beginning(
    long lesson,
    String from,
    byte @Nullable [] dense,
    float[] first,
    float[] second,
    long step,
    Routing routing,
    double anchors,
    List<Share> shares) {}
