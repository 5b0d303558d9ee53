package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.OwnBroker;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 3, unit = TimeUnit.MINUTES)
class TopicAdoptingIT {

  @TempDir Path folder;

  @Test
  void adopt_besideAReleaseOnTrialOrAShadowOrAHeldOne_isJudgedByWhatAnswersOrRefused()
      throws Exception {
    Path store = folder.resolve("store");
    try (OwnBroker broker = OwnBroker.start(folder.resolve("kafka"), port -> port);
        BaseModel tiny = TinyParts.base()) {
      Topics topics = Topics.create(broker.bootstrapServers(), Topics.DEFAULT_PREFIX, 1);
      MillraceConfig config =
          MillraceConfig.defaults()
              .with(
                  Map.of(
                      "kafka.bootstrap", broker.bootstrapServers(),
                      "store.uri", store.toUri().toString()));
      ReleaseEvent held =
          tiny(store, tiny, "art", 5, null).ordering(Action.FORGET, ReleaseEvent.STAYS_PINNED);
      ReleaseEvent again = tiny(store, tiny, "art", 6, held.release()).withEpoch(1).withRead(4L);
      ReleaseEvent answers = tiny(store, tiny, "cloud", 1, null);
      ReleaseEvent trial = tiny(store, tiny, "cloud", 2, answers.release()).withholding(0.5);
      ReleaseEvent ofNano = new NanoReleases(store).publish("legal", 3);
      ReleaseEvent shadow = tiny(store, tiny, "legal", 4, ofNano.release()).withholding(1);
      Path adapter = TinyParts.adapter(folder.resolve("elsewhere"), 1);
      try (RecordWriter writer = new RecordWriter(config.kafka());
          TopicAdopting adopting = new TopicAdopting(config, TinyParts.adopting(config))) {
        for (ReleaseEvent event : List.of(answers, trial, ofNano, shadow, held, again)) {
          ReleaseRecords.append(writer, topics, event).join();
        }
        assertEquals(answers.release(), adopting.adopt(null, "cloud", adapter).parent());
        assertEquals(
            List.of("unpinned"),
            adopting.adopt(null, "art", adapter).rules().stream().map(RuleResult::rule).toList(),
            "a forget has taken the pin, and holds it");
        String failure =
            assertThrows(
                    InvalidReleaseException.class, () -> adopting.adopt(null, "legal", adapter))
                .getMessage();
        assertTrue(failure.startsWith("release " + ofNano.release() + " answers"), failure);
        assertTrue(failure.endsWith(", expected " + tiny.id()), failure);
        assertEquals(
            failure,
            assertThrows(
                    InvalidReleaseException.class, () -> adopting.adopt("acme", "legal", adapter))
                .getMessage(),
            "what the shared domain answers with answers the tenant");
      }
    }
  }

  /** Publishes a release of the tiny base; gives its event. */
  private static ReleaseEvent tiny(
      Path store, BaseModel base, String domain, long seed, @Nullable String parent) {
    Draft draft = NanoReleases.draft(base, null, domain, seed, List.of());
    Manifest manifest = draft.manifest();
    return StreamRecords.at(
        ReleaseStore.of(StoreFiles.in(store)).publish(draft),
        StreamRecords.event(
            domain, Kind.ADAPTER, Action.PUBLISH, manifest.id(), parent, manifest.batch(), 0));
  }
}
