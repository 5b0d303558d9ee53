package dev.millrace.adapter.exchange;

import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.model.release.Routing;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a process's trainers begin a lesson from.
 *
 * @param base id of the base that who leads reads
 * @param anchorDigest of the anchors that stand beside the lesson there
 * @param lesson its seed
 * @param from names the state to begin at
 * @param given that state, where the trainers do not hold it
 * @param forgotten domains of which nothing needs to be held any more
 * @param steps of the whole lesson
 * @param anchors how many times as much they weigh as the configuration has it
 * @param precision of the products
 * @param shares of the lesson, in the order of the trainers
 */
public record Beginning(
    String base,
    String anchorDigest,
    long lesson,
    String from,
    @Nullable Given given,
    List<String> forgotten,
    int steps,
    Routing routing,
    double anchors,
    TrainPrecision precision,
    List<Share> shares) {}
