package dev.millrace.job.chaos;

import dev.millrace.job.embedded.LocalCluster;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What faults can reach.
 *
 * @param keeper of the cluster's processes
 * @param kafka between the jobs and the broker
 * @param redis between the jobs and Redis
 * @param store the release store's folder
 * @param disk that holds the store and the checkpoints; null if it is this machine's own
 */
record Site(
    LocalCluster cluster,
    Keeper keeper,
    Relay kafka,
    Relay redis,
    Traffic traffic,
    Jobs jobs,
    Path store,
    @Nullable SmallDisk disk) {}
