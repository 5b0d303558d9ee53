package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.millrace.job.config.MillraceConfig;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.api.common.resources.ExternalResource;
import org.apache.flink.runtime.clusterframework.types.ResourceProfile;
import org.apache.flink.runtime.jobgraph.DistributionPattern;
import org.apache.flink.runtime.jobgraph.JobEdge;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.junit.jupiter.api.Test;

/** What the learn job asks of a cluster, read from the graph that is submitted. */
class TrainerSlotsTest {

  @Test
  void build_trainsOnTheGpu_asksForOneForTheTrainerAlone() {
    JobGraph graph = graph(Map.of("learn.plan.device", "gpu"));
    ResourceProfile trainer = resources(vertex(graph, "learn"));
    assertEquals(Map.of("gpu", new ExternalResource("gpu", 1)), trainer.getExtendedResources());
    for (JobVertex vertex : graph.getVertices()) {
      if (!vertex.getName().contains("learn")) {
        assertEquals(ResourceProfile.UNKNOWN, resources(vertex), vertex.getName());
        assertNotEquals(vertex(graph, "learn").getSlotSharingGroup(), vertex.getSlotSharingGroup());
      }
    }
  }

  @Test
  void build_takesWhatThereIs_asksForNothing() {
    for (String device : List.of("auto", "cpu")) {
      JobGraph graph = graph(Map.of("learn.plan.device", device));
      for (JobVertex vertex : graph.getVertices()) {
        assertEquals(ResourceProfile.UNKNOWN, resources(vertex), vertex.getName());
      }
    }
  }

  /** The adaptive scheduler may give slots of its own fewer subtasks than what is before it. */
  @Test
  void build_slotsOfItsOwn_whatTheTrainerReadsGoesByItsKey() {
    JobGraph graph = graph(Map.of("job.trainerSlots", "train"));
    for (JobEdge edge : vertex(graph, "learn").getInputs()) {
      assertEquals(DistributionPattern.ALL_TO_ALL, edge.getDistributionPattern(), edge.toString());
    }
  }

  /** Some trainer, or who leads them, waits for each. */
  @Test
  void build_severalTrainers_whatTheyTellEachOtherLeavesAtOnce() {
    Map<String, Long> timeouts =
        streams(Map.of("learn.exchange.processes", "2", "learn.exchange.trainers", "2"))
            .getStreamNodes()
            .stream()
            .collect(Collectors.toMap(StreamNode::getOperatorName, StreamNode::getBufferTimeout));
    for (String name : List.of("learn", "spread", "train 0", "train 1", "combine")) {
      assertEquals(0, timeouts.get(name), name);
    }
  }

  private static JobGraph graph(Map<String, String> settings) {
    return streams(settings).getJobGraph();
  }

  private static StreamGraph streams(Map<String, String> settings) {
    MillraceConfig config = MillraceConfig.defaults().with(settings);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    LearnJob.build(env, config);
    return env.getStreamGraph();
  }

  private static JobVertex vertex(JobGraph graph, String name) {
    for (JobVertex vertex : graph.getVertices()) {
      if (vertex.getName().contains(name)) {
        return vertex;
      }
    }
    throw new AssertionError("no vertex " + name);
  }

  private static ResourceProfile resources(JobVertex vertex) {
    return vertex.getSlotSharingGroup().getResourceProfile();
  }
}
