package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.SharedReleases;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.OwnBroker;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 3, unit = TimeUnit.MINUTES)
class KafkaSharedReleasesIT {

  @TempDir Path folder;

  @Test
  void answering_asEventsCome_isWhatTheSharedDomainFollowsUntilTheTenantHasItsOwn()
      throws Exception {
    try (OwnBroker broker = OwnBroker.start(folder.resolve("kafka"), port -> port);
        KafkaSharedReleases releases = new KafkaSharedReleases(kafka(broker))) {
      UncheckedIOException e =
          assertThrows(
              UncheckedIOException.class,
              () -> releases.answering("acme", "legal"),
              "a lesson waits for the topic: what else is thrown restarts the job");
      assertTrue(e.getCause().getMessage().contains(broker.bootstrapServers()), e::toString);
      Topics topics = Topics.create(broker.bootstrapServers(), Topics.DEFAULT_PREFIX, 1);
      try (RecordWriter writer = new RecordWriter(kafka(broker))) {
        assertNull(releases.answering("acme", "legal").shared());
        append(writer, topics, event(null, "other", "x", null));
        append(writer, topics, event(null, "legal", "a", null).withholding(0.5));
        assertNull(
            releases.answering("acme", "legal").shared(), "it is on trial: the base answers");
        append(writer, topics, event(null, "legal", "a", null));
        assertEquals("a", answering(releases));
        append(writer, topics, event(null, "legal", "b", "a").withholding(0.5));
        assertEquals("a", answering(releases));
        append(writer, topics, event("acme", "legal", "s", null).withholding(1));
        append(writer, topics, event("another", "legal", "o", null));
        assertEquals("a", answering(releases));
        append(writer, topics, event(null, "legal", "b", "a"));
        assertEquals("b", answering(releases));
        append(writer, topics, event("acme", "legal", "t", null));
        SharedReleases.Answering both = releases.answering("acme", "legal");
        assertNotNull(both.own());
        assertEquals("t", both.own().release());
        assertNotNull(both.shared());
        assertNull(both.inItsPlace(), "its own answers");
        append(writer, topics, event("acme", "legal", "t", null).backToBase("test"));
        assertEquals("b", answering(releases));
        append(writer, topics, event(null, "legal", "b", "a").backToBase("test"));
        assertNull(releases.answering("acme", "legal").shared());
      }
    }
  }

  /** Or nothing of it would be seen before it has as many events as the one before. */
  @Test
  void answering_topicIsMadeAnew_isReadFromItsBeginning() throws Exception {
    try (OwnBroker broker = OwnBroker.start(folder.resolve("kafka"), port -> port);
        KafkaSharedReleases releases = new KafkaSharedReleases(kafka(broker));
        Admin admin =
            Admin.create(
                Map.of(
                    AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                    (Object) broker.bootstrapServers()))) {
      Topics topics = Topics.create(broker.bootstrapServers(), Topics.DEFAULT_PREFIX, 1);
      try (RecordWriter writer = new RecordWriter(kafka(broker))) {
        append(writer, topics, event(null, "other", "x", null));
        append(writer, topics, event(null, "legal", "a", null));
        append(writer, topics, event(null, "legal", "b", "a"));
        assertEquals("b", answering(releases));
      }
      admin.deleteTopics(List.of(topics.releases())).all().get();
      Topics anew = Topics.create(broker.bootstrapServers(), Topics.DEFAULT_PREFIX, 1);
      try (RecordWriter writer = new RecordWriter(kafka(broker))) {
        append(writer, anew, event(null, "legal", "c", "b"));
      }
      assertEquals("c", answering(releases));
    }
  }

  private static KafkaConfig kafka(OwnBroker broker) {
    return MillraceConfig.defaults()
        .with(Map.of("kafka.bootstrap", broker.bootstrapServers()))
        .kafka();
  }

  private static String answering(KafkaSharedReleases releases) {
    ReleaseEvent event = releases.answering("acme", "legal").inItsPlace();
    assertNotNull(event);
    assertNull(event.tenant());
    return event.answering();
  }

  private static void append(RecordWriter writer, Topics topics, ReleaseEvent event) {
    ReleaseRecords.append(writer, topics, event).join();
  }

  private static ReleaseEvent event(
      @Nullable String tenant, String domain, String release, @Nullable String parent) {
    return StreamRecords.ofTenant(
        tenant, StreamRecords.event(domain, Kind.ADAPTER, Action.PUBLISH, release, parent, 1, 0));
  }
}
