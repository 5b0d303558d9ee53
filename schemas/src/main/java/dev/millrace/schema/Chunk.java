package dev.millrace.schema;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A part of an answer's text, told while the rest is computed. Chunks come at least once: after a
 * failure an answer is computed again, from index 0 and maybe by another release. The {@link
 * Answer} comes whole and exactly once.
 *
 * @param request the id of the request
 * @param requestOrigin where the request stands
 * @param tenant the request's tenant
 * @param index of the chunk in its answer, from 0
 * @param text what follows the text of the chunks before
 * @param release the release that answers; null where the base alone does
 * @param base the base under that release
 * @param logProbs the tokens since the chunk before, if they were asked for, else empty; some may
 *     have text that a later chunk brings
 */
public record Chunk(
    String request,
    Origin requestOrigin,
    @Nullable String tenant,
    int index,
    String text,
    @Nullable String release,
    String base,
    List<TokenLogProb> logProbs) {}
