package dev.millrace.job.gateway;

import dev.millrace.job.io.RecordWriter;
import dev.millrace.schema.wire.ErrorLine;
import dev.millrace.schema.wire.Requests;
import dev.millrace.schema.wire.Shortened;
import java.io.Serial;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** A call that cannot be served: its HTTP status, and the error as OpenAI's clients read it. */
final class ApiProblem extends RuntimeException {

  /** The code of {@link #ending}. */
  static final String ENDING = "ending";

  /** Of a call, by what the serve job says of them. */
  private static final Map<String, String> FIELDS =
      Map.of(
          "bad-temperature", "temperature",
          "bad-top-k", "top_k",
          "bad-top-p", "top_p",
          "bad-stop", "stop");

  /** What it says of the prompt, and of what stands before it. */
  private static final Set<String> OF_PROMPT =
      Set.of(
          "empty-prompt",
          "too-long",
          "prompt-too-long",
          "prompt-too-short",
          "bad-modality",
          "modality-unsupported",
          "media-unknown",
          "media-broken",
          "media-too-large");

  private static final String PROMPT = "prompt";

  /** Characters of a value that are told: it may be most of a body, such as an agent's tools. */
  private static final int TOLD = 200;

  /** Characters of an error: one that is not read is kept until its client is given up. */
  private static final int MESSAGE = 1 << 16;

  @Serial private static final long serialVersionUID = 1;

  private final int status;
  private final String code;
  private final @Nullable String param;

  private ApiProblem(int status, String code, @Nullable String param, String message) {
    super(Shortened.of(message, MESSAGE), null, false, false);
    this.status = status;
    this.code = code;
    this.param = param == null ? null : Shortened.of(param, TOLD);
  }

  /** 400: a field has a value that cannot be used. */
  static ApiProblem badField(String param, String found, String expected) {
    return new ApiProblem(
        400,
        "invalid_value",
        param,
        "%s is %s, expected %s"
            .formatted(Shortened.of(param, TOLD), Shortened.of(found, TOLD), expected));
  }

  /** 400: the call is not what it should be. */
  static ApiProblem bad(String code, String message) {
    return new ApiProblem(400, code, null, message);
  }

  static ApiProblem unauthorized(String message) {
    return new ApiProblem(401, "invalid_api_key", null, message);
  }

  static ApiProblem forbidden(String message) {
    return new ApiProblem(403, "forbidden", null, message);
  }

  static ApiProblem noModel(String message) {
    return new ApiProblem(404, "model_not_found", "model", message);
  }

  static ApiProblem notFound(String code, String message) {
    return new ApiProblem(404, code, null, message);
  }

  /** 413: there is more in the body than one call may have. */
  static ApiProblem tooLarge(String message) {
    return new ApiProblem(413, "too_large", null, message);
  }

  /** 415: the body is packed. */
  static ApiProblem unknownCoding(String message) {
    return new ApiProblem(415, "unsupported_encoding", null, message);
  }

  /** What the HTTP server itself refuses, as an unknown route. */
  static ApiProblem http(int status, @Nullable String message) {
    return new ApiProblem(status, "http_" + status, null, String.valueOf(message));
  }

  /** 422: the adapter can be read, and the gate says no. */
  static ApiProblem refusedByGate(String reasons) {
    return new ApiProblem(422, "refused_by_gate", "lora_path", "refused by the gate: " + reasons);
  }

  /** 422: what is asked under the key is not what was asked under it before. */
  static ApiProblem keyReused(String message) {
    return new ApiProblem(422, "idempotency_key_reused", null, message);
  }

  static ApiProblem tooMany(String message) {
    return new ApiProblem(429, "rate_limit_exceeded", null, message);
  }

  static ApiProblem unavailable(String message) {
    return new ApiProblem(503, "unavailable", null, message);
  }

  /** 503: the broker did not take something; 413 where it takes nothing so large. */
  static ApiProblem unwritten(String what, Throwable failure) {
    Throwable cause = failure.getCause();
    if (failure instanceof CompletionException && cause != null) {
      return unwritten(what, cause);
    }
    String said = what + ": " + ErrorLine.of(failure);
    return failure instanceof RecordWriter.TooLargeException ? tooLarge(said) : unavailable(said);
  }

  /** The write; where it fails, it is {@link #unwritten}. */
  static <T> CompletableFuture<T> elseUnwritten(CompletableFuture<T> write, String what) {
    return write.exceptionally(
        failure -> {
          throw new CompletionException(unwritten(what, failure));
        });
  }

  /** 503: the gateway is being stopped. */
  static ApiProblem ending() {
    return new ApiProblem(503, ENDING, null, "the gateway is being stopped");
  }

  static ApiProblem late(String message) {
    return new ApiProblem(504, "timeout", null, message);
  }

  /** What an answer's error becomes: the serve job begins it with its reason. */
  static ApiProblem refused(String error) {
    String reason = error.split(":", 2)[0];
    return switch (reason) {
      case "overloaded" -> tooMany(error);
      case "cancelled", "deadline-passed" -> bad("request_refused", error);
      case "model-failed" -> new ApiProblem(500, "model_failed", null, error);
      case "prompt-too-long" -> new ApiProblem(400, "context_length_exceeded", PROMPT, error);
      default -> Requests.isMistake(error) ? mistake(reason, error) : unavailable(error);
    };
  }

  private static ApiProblem mistake(String reason, String error) {
    return reason.startsWith("unknown-")
        ? noModel(error)
        : new ApiProblem(
            400,
            "request_refused",
            OF_PROMPT.contains(reason) ? PROMPT : FIELDS.get(reason),
            error);
  }

  /** What was asked; where it fails for its prompt, that is told as the field that it came in. */
  static <T> CompletableFuture<T> in(String field, CompletableFuture<T> asked) {
    return asked.exceptionally(
        failure -> {
          throw new CompletionException(in(field, failure));
        });
  }

  private static Throwable in(String field, Throwable failure) {
    Throwable cause = failure.getCause();
    if (failure instanceof CompletionException && cause != null) {
      return in(field, cause);
    }
    return failure instanceof ApiProblem told && PROMPT.equals(told.param)
        ? new ApiProblem(told.status, told.code, field, String.valueOf(told.getMessage()))
        : failure;
  }

  /** What a failure is told as. */
  static ApiProblem of(Throwable failure) {
    Throwable cause = failure.getCause();
    if (failure instanceof CompletionException && cause != null) {
      return of(cause);
    }
    return failure instanceof ApiProblem known ? known : unavailable(ErrorLine.of(failure));
  }

  int status() {
    return status;
  }

  String code() {
    return code;
  }

  @Nullable String param() {
    return param;
  }

  /** OpenAI's word for the kind of error. */
  String type() {
    return switch (status) {
      case 401 -> "authentication_error";
      case 403 -> "permission_error";
      case 429 -> "rate_limit_error";
      default -> status < 500 ? "invalid_request_error" : "server_error";
    };
  }
}
