package dev.millrace.job.releases;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.StreamRecords;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import dev.millrace.schema.wire.Codecs;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class UnansweredRequestsIT {

  @Test
  void releases_serveAnswersSomeOfThem_thoseOfTheOthersAreInUse() throws Exception {
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
        assertEquals(Set.of("old", "pinned"), UnansweredRequests.releases(config));
        answer(3, writer, topics); // a later one may be answered before an earlier one
        assertEquals(Set.of("old"), UnansweredRequests.releases(config));
        writer.append(topics.answers(), "", new byte[] {7, 7}).join();
        answer(1, writer, topics);
        assertEquals(Set.of("old"), UnansweredRequests.releases(config));
        answer(0, writer, topics);
        assertEquals(Set.of(), UnansweredRequests.releases(config));
      }
    }
  }

  private static void ask(@Nullable String release, RecordWriter writer, Topics topics) {
    Origin origin = new Origin(topics.requests(), 0, 0);
    Request request =
        Request.builder("a", Task.SCORE, "p").domain("d").release(release).origin(origin).build();
    writer.append(topics.requests(), "", Codecs.requests().encode(request)).join();
  }

  private static void answer(long offset, RecordWriter writer, Topics topics) {
    Origin asked = new Origin(topics.requests(), 0, offset);
    Request request = Request.builder("a", Task.SCORE, "p").domain("d").origin(asked).build();
    Answer answer = StreamRecords.answer(request, null, "", null);
    writer.append(topics.answers(), "", Codecs.answers().encode(answer)).join();
  }
}
