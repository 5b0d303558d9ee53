package dev.millrace.job.chaos;

import dev.millrace.job.bench.serve.SwapReleases;
import dev.millrace.job.embedded.Clocks;
import dev.millrace.job.embedded.LocalCluster;
import java.nio.file.Path;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * What faults can reach.
 *
 * @param keeper of the cluster's processes
 * @param kafka between the jobs and the broker
 * @param redis between the jobs and Redis
 * @param releases makes more, of a domain that nobody teaches
 * @param store the release store's folder
 * @param checkpoints the folder that has one of each job's
 * @param disk that holds the store and the checkpoints; null if it is this machine's own
 * @param clocks of Flink's processes; null if all have this machine's
 * @param turn of faults that strike one after the other
 */
record Site(
    LocalCluster cluster,
    Keeper keeper,
    Relay kafka,
    Relay redis,
    Traffic traffic,
    Jobs jobs,
    SwapReleases releases,
    Path store,
    Path checkpoints,
    @Nullable SmallDisk disk,
    Clocks.@Nullable Movable clocks,
    Lock turn) {}
