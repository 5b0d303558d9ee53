package dev.millrace.model.swap;

import dev.millrace.model.peft.AdapterWeights;
import dev.millrace.schema.Origin;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A release after all of it was verified.
 *
 * @param base the id of the base that it was trained on
 * @param learnedTo per partition, the last sample it learned
 */
public record FetchedRelease(
    String base,
    @Nullable String tenant,
    String domain,
    @Nullable String parent,
    List<Origin> learnedTo,
    AdapterWeights adapter) {}
