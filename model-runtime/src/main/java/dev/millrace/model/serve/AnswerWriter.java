package dev.millrace.model.serve;

import dev.millrace.model.cache.CachedAnswer;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.swap.LiveRelease;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Request;
import dev.millrace.schema.TokenLogProb;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Works to answers. */
record AnswerWriter(int subtask, InstantSource clock) {

  private static final CachedAnswer NOTHING = new CachedAnswer("", 0, 0, new float[0]);

  Answer write(Work work) {
    Request request = work.request();
    CachedAnswer result = work.result() == null ? NOTHING : work.result();
    LiveRelease release = work.lease().release();
    return new Answer(
        request.id(),
        request.origin(),
        request.tenant(),
        namesNone(request) && work.error() == null ? domain(release) : request.domain(),
        request.task(),
        work.error(),
        result.text(),
        result.logProb(),
        result.tokens(),
        request.prompt().getBytes(StandardCharsets.UTF_8).length,
        result.embedding(),
        id(release),
        work.lease().base().id(),
        release == null ? List.of() : release.learnedTo(),
        work.from(),
        subtask,
        release == null ? 0 : release.readMillis(),
        clock.millis(),
        work.similarity(),
        result.stopped(),
        result.promptTokens(),
        result.logProbs());
  }

  /** A part of an answer to come. */
  static Chunk chunk(Work work, int index, String text, List<TokenLogProb> logProbs) {
    Request request = work.request();
    return new Chunk(
        request.id(),
        request.origin(),
        request.tenant(),
        index,
        text,
        id(work.lease().release()),
        work.lease().base().id(),
        logProbs);
  }

  /** Then it is the domain of whichever release answers. */
  private static boolean namesNone(Request request) {
    return request.domain() == null || request.isAssigned();
  }

  /** That of a released base is no domain. */
  private static @Nullable String domain(@Nullable LiveRelease release) {
    return release == null || release.domain().equals(BaseRelease.DOMAIN) ? null : release.domain();
  }

  private static @Nullable String id(@Nullable LiveRelease release) {
    return release == null ? null : release.release();
  }
}
