package dev.millrace.job;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.model.djl.Devices;
import org.apache.flink.api.common.operators.SlotSharingGroup;
import org.apache.flink.streaming.api.graph.StreamGraphGenerator;

/**
 * Where trainers run. One that must have a GPU asks Flink for it, in slots of its own; one that
 * takes what there is asks for nothing, or it would wait for ever where there is none.
 */
final class TrainerSlots {

  /** The name under which a cluster's external resources have it. */
  private static final String GPU = "gpu";

  /** Flink wants these said too where any resource is. */
  private static final double CORES = 1;

  private static final int HEAP_MEGABYTES = 256;

  private static final String OWN = "train";

  private TrainerSlots() {}

  static SlotSharingGroup of(MillraceConfig config) {
    String name = config.job().trainerSlots();
    if (!config.learn().plan().device().equals(Devices.GPU)) {
      return SlotSharingGroup.newBuilder(name).build();
    }
    boolean shared = name.equals(StreamGraphGenerator.DEFAULT_SLOT_SHARING_GROUP);
    return SlotSharingGroup.newBuilder(shared ? OWN : name)
        .setCpuCores(CORES)
        .setTaskHeapMemoryMB(HEAP_MEGABYTES)
        .setExternalResource(GPU, 1)
        .build();
  }
}
