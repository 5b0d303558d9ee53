package dev.millrace.job.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.model.weights.Digest;
import dev.millrace.schema.wire.InvalidRecordException;
import dev.millrace.schema.wire.JsonLines;
import dev.millrace.schema.wire.Names;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who may call, and on whose behalf. Keys are kept as their SHA-256 alone. */
public final class ApiKeys {

  static final String BEARER = "Bearer ";
  private static final String NO_TENANT = "-";
  private static final String OPERATOR = "operator";

  /** Tenant by digest of the key; empty where everyone may call. */
  private final Map<String, Caller> callers;

  private ApiKeys(Map<String, Caller> callers) {
    this.callers = Map.copyOf(callers);
  }

  /** Everyone may call, on behalf of no tenant: for a door that only this machine can reach. */
  public static ApiKeys none() {
    return new ApiKeys(Map.of());
  }

  /**
   * Reads {@code KEY TENANT} or {@code KEY TENANT operator} a line; the tenant {@code -} is none,
   * {@code #} begins a comment.
   *
   * @throws IllegalArgumentException if a line is something else, or there is none
   */
  public static ApiKeys read(Path file) throws IOException {
    Map<String, Caller> callers = new HashMap<>();
    List<String> lines = lines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        String[] parts = line.split("\\s+", -1);
        boolean operator = parts.length == 3 && parts[2].equals(OPERATOR);
        if (parts.length != 2 && !operator) {
          throw new IllegalArgumentException(
              "line %d of %s has %d words, expected KEY TENANT or KEY TENANT operator"
                  .formatted(i + 1, file, parts.length));
        }
        String tenant = parts[1].equals(NO_TENANT) ? null : parts[1];
        if (tenant != null && !Names.isName(tenant)) {
          throw new IllegalArgumentException(
              "line %d of %s has tenant %s, expected %s, or %s for none"
                  .formatted(i + 1, file, tenant, Names.EXPECTED, NO_TENANT));
        }
        if (callers.put(digest(parts[0]), new Caller(tenant, operator)) != null) {
          throw new IllegalArgumentException(
              "line %d of %s has the key of a line before, expected another"
                  .formatted(i + 1, file));
        }
      }
    }
    if (callers.isEmpty()) {
      throw new IllegalArgumentException(file + " names no key, expected KEY TENANT a line");
    }
    return new ApiKeys(callers);
  }

  /** True if calls need a key. */
  public boolean required() {
    return !callers.isEmpty();
  }

  /**
   * Who calls.
   *
   * @param authorization the header of that name
   * @throws ApiProblem if a key is needed and this is none
   */
  Caller caller(@Nullable String authorization) {
    if (callers.isEmpty()) {
      return new Caller(null, true);
    }
    if (authorization == null
        || !authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      throw ApiProblem.unauthorized("no API key, expected the header Authorization: Bearer KEY");
    }
    Caller caller = callers.get(digest(authorization.substring(BEARER.length()).strip()));
    if (caller == null) {
      throw ApiProblem.unauthorized("the API key is not known here");
    }
    return caller;
  }

  private static List<String> lines(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IllegalArgumentException(file + " is a folder, expected KEY TENANT a line");
    }
    try {
      return JsonLines.text(Files.readAllBytes(file), UTF_8).lines().toList();
    } catch (InvalidRecordException quotesTheFirstKey) {
      throw new IllegalArgumentException(file + " is not UTF-8, expected KEY TENANT a line");
    }
  }

  private static String digest(String key) {
    return Digest.sha256(key.getBytes(UTF_8));
  }

  /**
   * Who calls.
   *
   * @param tenant null sees shared domains alone
   * @param operator may watch everything, pin and roll back
   */
  record Caller(@Nullable String tenant, boolean operator) {

    /**
     * Lets operators go on.
     *
     * @throws ApiProblem if it is none
     */
    void requireOperator() {
      if (!operator) {
        throw ApiProblem.forbidden("the API key is not an operator's");
      }
    }

    /** What limits are counted under. */
    String account() {
      return tenant == null ? NO_TENANT : tenant;
    }
  }
}
