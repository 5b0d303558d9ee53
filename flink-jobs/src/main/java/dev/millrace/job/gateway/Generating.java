package dev.millrace.job.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.schema.Media;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * What a call for completions asks for; its fields have OpenAI's meaning and defaults. Without a
 * seed one is drawn, and told in the answer, so that the answer can be had again.
 *
 * @param model as the caller wrote it
 * @param prompts one request each, times {@code n}
 * @param media what stands before each prompt; null for nothing
 * @param maxTokens of each answer; 0 for what there is room for
 * @param exact whether each prompt is to be answered for itself, never as a similar one was
 * @param logProbs whether the tokens of the answers are told, each with its log-probability
 * @param usage whether the last event of a stream counts the tokens
 */
record Generating(
    String model,
    List<String> prompts,
    @Nullable Media media,
    int n,
    int maxTokens,
    double temperature,
    double topP,
    int topK,
    long seed,
    List<String> stop,
    boolean exact,
    boolean echo,
    boolean stream,
    boolean logProbs,
    boolean usage,
    @Nullable String user) {

  private static final int COMPLETION_TOKENS = 16;
  private static final int MOST_CHOICES = 16;
  private static final double TEMPERATURE = 1;

  /** Reads the body of {@code /v1/completions}. */
  static Generating completion(Fields fields) {
    List<String> prompts = fields.texts("prompt");
    if (prompts.isEmpty()) {
      throw ApiProblem.badField("prompt", "missing", "a text or a list of texts");
    }
    fields.requireDefault("suffix", "\"\"");
    fields.requireDefault("best_of", "1");
    boolean echo = fields.bool("echo");
    boolean logProbs = logProbs(fields.longOrFalse("logprobs"));
    if (echo && logProbs) {
      throw ApiProblem.badField("echo", "true beside logprobs", "false: a prompt has none");
    }
    int maxTokens = maxTokens(fields, "max_tokens", COMPLETION_TOKENS);
    return read(fields, prompts, null, maxTokens, echo, logProbs);
  }

  /** None may be asked for by a number that says so to the serve job alone. */
  private static int maxTokens(Fields fields, String name, int otherwise) {
    Long asked = fields.longOrNull(name);
    if (asked != null && (asked < 1 || asked > Limits.MAX_TOKENS)) {
      throw ApiProblem.badField(name, asked.toString(), "1 to " + Limits.MAX_TOKENS);
    }
    return asked == null ? otherwise : asked.intValue();
  }

  /** Of how many other tokens a completion is to tell at each place. */
  private static boolean logProbs(@Nullable Long alternatives) {
    if (alternatives != null && alternatives != 0) {
      throw ApiProblem.badField("logprobs", alternatives.toString(), "0: the chosen tokens alone");
    }
    return alternatives != null;
  }

  /** Reads the body of {@code /v1/chat/completions}. */
  static Generating chat(Fields fields) {
    Prompting prompting = Prompting.of(fields.objects("messages"));
    fields.requireDefault("tools", "[]");
    fields.requireDefault("tool_choice", "\"none\"");
    fields.requireDefault("response_format", "{\"type\":\"text\"}");
    fields.requireDefault("modalities", "[\"text\"]");
    fields.ignore("parallel_tool_calls");
    fields.requireDefault("top_logprobs", "0");
    int tokens = maxTokens(fields, "max_tokens", 0);
    return read(
        fields,
        List.of(prompting.transcript()),
        prompting.media(),
        maxTokens(fields, "max_completion_tokens", tokens),
        false,
        fields.bool("logprobs"));
  }

  private static Generating read(
      Fields fields,
      List<String> prompts,
      @Nullable Media media,
      int maxTokens,
      boolean echo,
      boolean logProbs) {
    Long seed = fields.longOrNull("seed");
    Generating read =
        new Generating(
            fields.text("model"),
            prompts,
            media,
            fields.integer("n", 1),
            maxTokens,
            fields.decimal("temperature", TEMPERATURE),
            fields.decimal("top_p", 1),
            fields.integer("top_k", 0),
            seed == null ? ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE) : seed,
            fields.texts("stop"),
            fields.bool("exact"),
            echo,
            fields.bool("stream"),
            logProbs,
            usage(fields.object("stream_options")),
            fields.textOrNull("user"));
    fields.requireDefault("frequency_penalty", "0");
    fields.requireDefault("presence_penalty", "0");
    fields.requireDefault("logit_bias", "{}");
    fields.ignore("store", "metadata", "service_tier", "safety_identifier");
    fields.ignore("prompt_cache_key", "prompt_cache_retention", "prompt_cache_options");
    fields.requireNoOther();
    if (read.n < 1 || (long) read.n * prompts.size() > MOST_CHOICES) {
      throw ApiProblem.badField(
          "n", read.n + " for " + prompts.size() + " prompts", "1 to 16 choices in all");
    }
    requireKey(read.user);
    return read;
  }

  private static void requireKey(@Nullable String user) {
    int bytes = user == null ? 0 : user.getBytes(UTF_8).length;
    if (bytes > Limits.ID_BYTES) {
      throw ApiProblem.badField(
          "user",
          bytes + " bytes",
          "at most " + Limits.ID_BYTES + ": it is the key of the request");
    }
  }

  private static boolean usage(Fields options) {
    boolean usage = options.bool("include_usage");
    options.ignore("include_obfuscation");
    options.requireNoOther();
    return usage;
  }

  /** The requests, prompt by prompt; the second choice for a prompt has the next seed. */
  List<Request> requests(ApiKeys.Caller caller, Catalogue.Target target, long now) {
    List<Request> requests = new ArrayList<>();
    for (String prompt : prompts) {
      for (int choice = 0; choice < n; choice++) {
        requests.add(request(caller, target, prompt, choice, now));
      }
    }
    return requests;
  }

  private Request request(
      ApiKeys.Caller caller, Catalogue.Target target, String prompt, int choice, long now) {
    return Request.builder("http-" + UUID.randomUUID(), Request.Task.GENERATE, prompt)
        .tenant(caller.tenant())
        .domain(target.domain())
        .release(target.release())
        .maxTokens(maxTokens)
        .temperature(temperature)
        .topK(topK)
        .topP(topP)
        .seed(choice == 0 ? seed : new SplittableRandom(seed + choice).nextInt(Integer.MAX_VALUE))
        .stop(stop)
        .eventTimeMillis(now)
        .stream(stream)
        .media(media)
        .exact(exact)
        .logProbs(logProbs)
        .build();
  }
}
