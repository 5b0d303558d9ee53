package dev.millrace.job.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.Manifests;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.wire.Codecs;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 3, unit = TimeUnit.MINUTES)
class NotedHeadsIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path store;

  /** Nothing is closed before what answers is looked for: a run may be killed. */
  @Test
  void follow_publishedAndTakenBack_isNotedWhileTheRunGoesOn() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      KafkaConfig kafka = KafkaConfigs.of(stack.bootstrapServers());
      String topic = Topics.create(kafka, 1).releases();
      try (RecordWriter writer = new RecordWriter(kafka);
          NotedHeads noted = NotedHeads.follow(StoredReleases.read(store), kafka)) {
        ReleaseEvent first = store(0, null);
        ReleaseEvent second = store(1, first.release());
        for (ReleaseEvent event :
            new ReleaseEvent[] {first, second, first.ordering(Action.ROLLBACK, "test")}) {
          writer.append(topic, "java", Codecs.releases().encode(event)).join();
        }
        awaitServing(first.release());
        ReleaseEvent held = first.ordering(Action.FORGET, ReleaseEvent.STAYS_PINNED);
        ReleaseEvent again = second.withEpoch(1).withRead(3L);
        for (ReleaseEvent event : new ReleaseEvent[] {held, again}) {
          writer.append(topic, "java", Codecs.releases().encode(event)).join();
        }
        awaitServing(second.release());
        assertEquals(Action.PIN, StoredReleases.read(store).orders("test").get(0).action());
      }
    }
  }

  private void awaitServing(String release) throws InterruptedException {
    Map<String, String> wanted = Map.of("java", release);
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!StoredReleases.read(store).serving().equals(wanted) && System.nanoTime() < end) {
      Thread.sleep(50);
    }
    assertEquals(wanted, StoredReleases.read(store).serving());
  }

  private ReleaseEvent store(long batch, @Nullable String parent) throws IOException {
    Manifest manifest = Manifests.of("java", parent, batch);
    String uri = Manifests.store(store, manifest).toUri().toString();
    return manifest.event(Action.PUBLISH, uri, "test");
  }
}
