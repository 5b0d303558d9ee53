package dev.millrace.schema;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A question to the model.
 *
 * @param tenant the caller; null sees shared domains only
 * @param domain whose adapter answers, {@link #AUTO} that of the prompt's content; null means the
 *     base alone
 * @param release a pinned release id; null means the domain's current one
 * @param prompt the text to continue (GENERATE) or to judge (SCORE)
 * @param maxTokens how many tokens GENERATE may add
 * @param temperature 0 is greedy
 * @param topK draw among so many likeliest tokens; 0 for all
 * @param topP draw among the likeliest tokens that hold this share of the probability
 * @param seed of the draws
 * @param stop texts before the first of which GENERATE ends
 * @param cached false asks for a fresh computation
 * @param eventTimeMillis when it was asked, epoch milliseconds
 * @param deadlineMillis after which nobody wants the answer, epoch milliseconds; 0 for none
 * @param cancels the id of an earlier request of the same tenant and key that needs no answer any
 *     more; then nothing else is asked
 * @param stream GENERATE also tells its text in {@link Chunk}s while it is computed
 * @param media what the model sees or hears before the prompt; null for nothing
 * @param exact whether only its own answer will do, never that of a similar question
 */
public record Request(
    String id,
    @Nullable String tenant,
    @Nullable String domain,
    @Nullable String release,
    Task task,
    String prompt,
    int maxTokens,
    double temperature,
    int topK,
    double topP,
    long seed,
    List<String> stop,
    boolean cached,
    long eventTimeMillis,
    long deadlineMillis,
    @Nullable String cancels,
    boolean stream,
    @Nullable Media media,
    boolean exact,
    Origin origin) {

  /** In place of a domain: the one that the prompt belongs to by its content. */
  public static final String AUTO = "auto";

  /** A state of before there was {@code stop} has neither it nor {@code topP}. */
  public Request {
    if (stop == null) {
      stop = List.of();
      topP = 1;
    }
  }

  /** Of text alone. */
  public Request(
      String id,
      @Nullable String tenant,
      @Nullable String domain,
      @Nullable String release,
      Task task,
      String prompt,
      int maxTokens,
      double temperature,
      int topK,
      double topP,
      long seed,
      List<String> stop,
      boolean cached,
      long eventTimeMillis,
      long deadlineMillis,
      @Nullable String cancels,
      boolean stream,
      Origin origin) {
    this(
        id,
        tenant,
        domain,
        release,
        task,
        prompt,
        maxTokens,
        temperature,
        topK,
        topP,
        seed,
        stop,
        cached,
        eventTimeMillis,
        deadlineMillis,
        cancels,
        stream,
        null,
        origin);
  }

  /** A similar question's answer will do. */
  public Request(
      String id,
      @Nullable String tenant,
      @Nullable String domain,
      @Nullable String release,
      Task task,
      String prompt,
      int maxTokens,
      double temperature,
      int topK,
      double topP,
      long seed,
      List<String> stop,
      boolean cached,
      long eventTimeMillis,
      long deadlineMillis,
      @Nullable String cancels,
      boolean stream,
      @Nullable Media media,
      Origin origin) {
    this(
        id,
        tenant,
        domain,
        release,
        task,
        prompt,
        maxTokens,
        temperature,
        topK,
        topP,
        seed,
        stop,
        cached,
        eventTimeMillis,
        deadlineMillis,
        cancels,
        stream,
        media,
        false,
        origin);
  }

  /** Has no deadline, cancels nothing and is answered in one piece. */
  public Request(
      String id,
      @Nullable String tenant,
      @Nullable String domain,
      @Nullable String release,
      Task task,
      String prompt,
      int maxTokens,
      double temperature,
      int topK,
      double topP,
      long seed,
      List<String> stop,
      boolean cached,
      long eventTimeMillis,
      Origin origin) {
    this(
        id,
        tenant,
        domain,
        release,
        task,
        prompt,
        maxTokens,
        temperature,
        topK,
        topP,
        seed,
        stop,
        cached,
        eventTimeMillis,
        0,
        null,
        false,
        origin);
  }

  /** The same, drawing among all tokens and stopping at no text. */
  public Request(
      String id,
      @Nullable String tenant,
      @Nullable String domain,
      @Nullable String release,
      Task task,
      String prompt,
      int maxTokens,
      double temperature,
      long seed,
      boolean cached,
      long eventTimeMillis,
      Origin origin) {
    this(
        id,
        tenant,
        domain,
        release,
        task,
        prompt,
        maxTokens,
        temperature,
        0,
        1,
        seed,
        List.of(),
        cached,
        eventTimeMillis,
        origin);
  }

  /** Of nobody, for the likeliest text; not written yet. */
  public static Request greedy(
      String id,
      @Nullable String domain,
      Task task,
      String prompt,
      int maxTokens,
      boolean cached,
      long eventTimeMillis) {
    Origin unwritten = new Origin("", 0, -1);
    return new Request(
        id, null, domain, null, task, prompt, maxTokens, 0, 0, cached, eventTimeMillis, unwritten);
  }

  /** The same, asked about a picture or a sound. */
  public Request about(@Nullable Media shown) {
    return with(shown, exact);
  }

  /** The same, to be answered for itself. */
  public Request exactly() {
    return with(media, true);
  }

  private Request with(@Nullable Media shown, boolean own) {
    return new Request(
        id,
        tenant,
        domain,
        release,
        task,
        prompt,
        maxTokens,
        temperature,
        topK,
        topP,
        seed,
        stop,
        cached,
        eventTimeMillis,
        deadlineMillis,
        cancels,
        stream,
        shown,
        own,
        origin);
  }

  /** Whether the prompt's content says who answers. */
  public boolean isAssigned() {
    return AUTO.equals(domain) && release == null && task != Task.EMBED;
  }

  /** What is asked for. */
  public enum Task {
    GENERATE,
    SCORE,
    EMBED
  }
}
