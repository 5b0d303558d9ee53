package dev.millrace.model.swap;

import dev.millrace.schema.Origin;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an answer says of the release that gave it.
 *
 * @param tenant whose it is; null means shared
 * @param parent the release it succeeds; null for the first
 * @param batch the last batch it learned
 * @param learnedTo per partition, the last sample it learned
 * @param readMillis when its event was read here, epoch milliseconds
 */
public record LiveRelease(
    @Nullable String tenant,
    String domain,
    String release,
    @Nullable String parent,
    long batch,
    List<Origin> learnedTo,
    long readMillis) {}
