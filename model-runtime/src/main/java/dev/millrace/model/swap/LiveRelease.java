package dev.millrace.model.swap;

import dev.millrace.schema.Origin;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an answer says of the release that gave it.
 *
 * @param tenant whose it is; null means shared
 * @param batch the last batch it learned
 * @param learnedTo per partition, the last sample it learned
 * @param readMillis when its event was read here, epoch milliseconds
 */
public record LiveRelease(
    @Nullable String tenant,
    String domain,
    String release,
    long batch,
    List<Origin> learnedTo,
    long readMillis) {}
