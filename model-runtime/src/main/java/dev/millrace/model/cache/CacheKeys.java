package dev.millrace.model.cache;

import dev.millrace.model.weights.Digest;
import dev.millrace.schema.Media;
import dev.millrace.schema.Request;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Names answers by HMAC-SHA256 over tenant, model, task, parameters, prompt and media, each with
 * its length, so that no two different questions share a name.
 */
public final class CacheKeys {

  /** Bytes of the shortest secret. */
  public static final int LEAST_SECRET = Hmac.LEAST_SECRET;

  private static final byte VERSION = 4;
  private static final byte SCOPE = -VERSION;

  /** Bytes of the parameters but the stop texts. */
  private static final int PARAMETERS = 2 * Integer.BYTES + 3 * Long.BYTES + 1;

  private final Hmac hmac;

  private CacheKeys(Hmac hmac) {
    this.hmac = hmac;
  }

  /** Keys under a secret of at least 16 bytes, the same for all processes that share a tier. */
  public static CacheKeys of(byte[] secret) {
    return new CacheKeys(new Hmac(secret));
  }

  /**
   * The name of the answer that a model gives to a request.
   *
   * @param model the release id, or the base's id where the base alone answers
   */
  public CacheKey key(Request request, String model) {
    return name(VERSION, request, model, utf8(request.prompt()), media(request.media()));
  }

  /** What a request has in common with those that differ from it in nothing but their prompts. */
  public CacheKey scope(Request request, String model) {
    return name(SCOPE, request, model, new byte[0], media(request.media()));
  }

  private CacheKey name(byte kind, Request request, String model, byte[] prompt, byte[] media) {
    byte @Nullable [] tenant = request.tenant() == null ? null : utf8(request.tenant());
    byte[] modelId = utf8(model);
    byte[] task = utf8(request.task().name());
    byte[] stop = stop(request);
    int tenantBytes = tenant == null ? 0 : tenant.length;
    ByteBuffer named =
        ByteBuffer.allocate(
            1
                + 4 * Integer.BYTES
                + tenantBytes
                + modelId.length
                + task.length
                + prompt.length
                + PARAMETERS
                + stop.length
                + media.length);
    named.put(kind);
    named.putInt(tenant == null ? -1 : tenant.length).put(tenant == null ? new byte[0] : tenant);
    named.putInt(modelId.length).put(modelId);
    named.putInt(task.length).put(task);
    parameters(request, named);
    named.put(stop);
    named.putInt(prompt.length).put(prompt);
    named.put(media);
    return CacheKey.of(hmac.of(named.array()));
  }

  /** Only what changes the answer: a SCORE has no parameters, a greedy GENERATE draws nothing. */
  private static void parameters(Request request, ByteBuffer named) {
    boolean generates = request.task() == Request.Task.GENERATE;
    boolean draws = generates && request.temperature() > 0;
    named.putInt(generates ? request.maxTokens() : 0);
    named.putDouble(draws ? request.temperature() : 0);
    named.putInt(draws ? request.topK() : 0);
    named.putDouble(draws ? request.topP() : 1);
    named.putLong(draws ? request.seed() : 0);
    named.put((byte) (generates && request.logProbs() ? 1 : 0));
  }

  /** What they are, their digest; nothing where there are none. */
  private static byte[] media(@Nullable Media media) {
    return media == null
        ? new byte[0]
        : utf8(media.modality() + " " + Digest.sha256(media.bytes()));
  }

  /** The stop texts' number, then each with its length. */
  private static byte[] stop(Request request) {
    boolean generates = request.task() == Request.Task.GENERATE;
    List<byte[]> texts =
        generates ? request.stop().stream().map(CacheKeys::utf8).toList() : List.of();
    int length = texts.stream().mapToInt(text -> Integer.BYTES + text.length).sum();
    ByteBuffer named = ByteBuffer.allocate(Integer.BYTES + length).putInt(texts.size());
    texts.forEach(text -> named.putInt(text.length).put(text));
    return named.array();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
