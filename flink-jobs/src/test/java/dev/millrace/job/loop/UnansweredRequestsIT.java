package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.ServeJob;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import dev.millrace.schema.wire.Codecs;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class UnansweredRequestsIT {

  @Test
  void releases_serveCommitsSomeOfThem_thoseOfTheOthersAreInUse() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      MillraceConfig config =
          MillraceConfig.defaults().with(Map.of("kafka.bootstrap", stack.bootstrapServers()));
      Topics topics = Topics.create(stack.bootstrapServers(), config.kafka().prefix(), 1);
      assertEquals(Set.of(), UnansweredRequests.releases(config));
      try (RecordWriter writer = new RecordWriter(config.kafka())) {
        ask("old", writer, topics);
        ask(null, writer, topics);
        writer.append(topics.requests(), "", new byte[] {7, 7}).join();
        ask("pinned", writer, topics);
      }
      assertEquals(Set.of("old", "pinned"), UnansweredRequests.releases(config));
      commit(1, config, topics);
      assertEquals(Set.of("pinned"), UnansweredRequests.releases(config));
      commit(4, config, topics);
      assertEquals(Set.of(), UnansweredRequests.releases(config));
    }
  }

  private static void ask(@Nullable String release, RecordWriter writer, Topics topics) {
    Origin origin = new Origin(topics.requests(), 0, 0);
    Request request =
        new Request("a", null, "d", release, Task.SCORE, "p", 0, 0, 0, true, 0, origin);
    writer.append(topics.requests(), "", Codecs.requests().encode(request)).join();
  }

  private static void commit(long offset, MillraceConfig config, Topics topics) throws Exception {
    try (Admin admin =
        Admin.create(Map.of("bootstrap.servers", (Object) config.kafka().bootstrap()))) {
      admin
          .alterConsumerGroupOffsets(
              ServeJob.group(config),
              Map.of(new TopicPartition(topics.requests(), 0), new OffsetAndMetadata(offset)))
          .all()
          .get();
    }
  }
}
