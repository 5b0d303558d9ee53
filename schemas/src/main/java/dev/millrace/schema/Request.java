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
 * @param maxTokens how many tokens GENERATE may add; 0 for what there is room for, up to 256
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
 * @param logProbs whether GENERATE also gives each added token and its log-probability
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
    boolean logProbs,
    Origin origin) {

  /** In place of a domain: the one that the prompt belongs to by its content. */
  public static final String AUTO = "auto";

  /** Of nobody to the base, greedy, without stop strings or deadline; not written yet. */
  public static Builder builder(String id, Task task, String prompt) {
    return new Builder(id, task, prompt);
  }

  /** Begins with all that this one says. */
  public Builder toBuilder() {
    return new Builder(id, task, prompt)
            .tenant(tenant)
            .domain(domain)
            .release(release)
            .maxTokens(maxTokens)
            .temperature(temperature)
            .topK(topK)
            .topP(topP)
            .seed(seed)
            .stop(stop)
            .cached(cached)
            .eventTimeMillis(eventTimeMillis)
            .deadlineMillis(deadlineMillis)
            .cancels(cancels)
            .stream(stream)
            .media(media)
            .exact(exact)
            .logProbs(logProbs)
            .origin(origin);
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

  /** What a request says, name by name. */
  public static final class Builder {
    private final String id;
    private final Task task;
    private final String prompt;
    private @Nullable String tenant;
    private @Nullable String domain;
    private @Nullable String release;
    private int maxTokens;
    private double temperature;
    private int topK;
    private double topP = 1;
    private long seed;
    private List<String> stop = List.of();
    private boolean cached = true;
    private long eventTimeMillis;
    private long deadlineMillis;
    private @Nullable String cancels;
    private boolean stream;
    private @Nullable Media media;
    private boolean exact;
    private boolean logProbs;
    private Origin origin = Origin.UNWRITTEN;

    private Builder(String id, Task task, String prompt) {
      this.id = id;
      this.task = task;
      this.prompt = prompt;
    }

    public Builder tenant(@Nullable String value) {
      tenant = value;
      return this;
    }

    public Builder domain(@Nullable String value) {
      domain = value;
      return this;
    }

    public Builder release(@Nullable String value) {
      release = value;
      return this;
    }

    public Builder maxTokens(int value) {
      maxTokens = value;
      return this;
    }

    public Builder temperature(double value) {
      temperature = value;
      return this;
    }

    public Builder topK(int value) {
      topK = value;
      return this;
    }

    public Builder topP(double value) {
      topP = value;
      return this;
    }

    public Builder seed(long value) {
      seed = value;
      return this;
    }

    public Builder stop(List<String> value) {
      stop = value;
      return this;
    }

    public Builder cached(boolean value) {
      cached = value;
      return this;
    }

    public Builder eventTimeMillis(long value) {
      eventTimeMillis = value;
      return this;
    }

    public Builder deadlineMillis(long value) {
      deadlineMillis = value;
      return this;
    }

    public Builder cancels(@Nullable String value) {
      cancels = value;
      return this;
    }

    public Builder stream(boolean value) {
      stream = value;
      return this;
    }

    public Builder media(@Nullable Media value) {
      media = value;
      return this;
    }

    public Builder exact(boolean value) {
      exact = value;
      return this;
    }

    public Builder logProbs(boolean value) {
      logProbs = value;
      return this;
    }

    public Builder origin(Origin value) {
      origin = value;
      return this;
    }

    public Request build() {
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
          media,
          exact,
          logProbs,
          origin);
    }
  }
}
