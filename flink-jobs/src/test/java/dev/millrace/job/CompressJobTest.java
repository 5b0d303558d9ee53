package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.config.MillraceConfig;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.runtime.clusterframework.types.ResourceProfile;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobmanager.scheduler.SlotSharingGroup;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;

class CompressJobTest {

  @Test
  void build_uidsThatNobodyGeneratesAndManySubtasks_isAJobOfOneSlot() {
    Configuration flink = new Configuration();
    flink.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(flink);
    MillraceConfig config =
        MillraceConfig.defaults().with(Map.of("job.parallelism", "4", "job.trainerSlots", "train"));
    CompressJob.build(env, config, Openers.teachings(config));
    Set<SlotSharingGroup> groups = new HashSet<>();
    for (JobVertex vertex : env.getStreamGraph().getJobGraph().getVertices()) {
      assertEquals(1, vertex.getParallelism(), vertex.getName());
      groups.add(vertex.getSlotSharingGroup());
    }
    assertEquals(1, groups.size());
  }

  @Test
  void build_learnTrainsOnTheGpu_asksForNone() {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    MillraceConfig config = MillraceConfig.defaults().with(Map.of("learn.plan.device", "gpu"));
    CompressJob.build(env, config, Openers.teachings(config));
    for (JobVertex vertex : env.getStreamGraph().getJobGraph().getVertices()) {
      assertEquals(
          ResourceProfile.UNKNOWN,
          vertex.getSlotSharingGroup().getResourceProfile(),
          vertex::getName);
    }
  }
}
