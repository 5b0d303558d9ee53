package dev.millrace.job.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A secret from the environment; read where it is used, never configured, never printed, never
 * sent.
 *
 * @param value null if the environment has none
 */
public record Secret(@Nullable String value) {

  /** Redis' password. */
  public static final String REDIS_PASSWORD = "MILLRACE_REDIS_PASSWORD";

  /** Keys the answers in Redis: at least 16 bytes. */
  public static final String CACHE_KEY = "MILLRACE_CACHE_KEY";

  /** Kafka's {@code sasl.jaas.config}. */
  public static final String KAFKA_JAAS = "MILLRACE_KAFKA_JAAS";

  /** Salts the choice of held-out documents; must stay, as {@code heldOut.everyNth} must. */
  public static final String HELD_OUT_SALT = "MILLRACE_HELD_OUT_SALT";

  /** Signs releases: base64 of an Ed25519 private key's PKCS #8 form. */
  public static final String SIGNING_KEY = "MILLRACE_SIGNING_KEY";

  /** A file that holds the same, or a PEM file. */
  public static final String SIGNING_KEY_FILE = "MILLRACE_SIGNING_KEY_FILE";

  /** Opens the gateway's keystore. */
  public static final String KEYSTORE_PASSWORD = "MILLRACE_KEYSTORE_PASSWORD";

  public static Secret fromEnvironment(String variable) {
    return new Secret(System.getenv(variable));
  }

  /** The secret, or what is used where there is none. */
  public String orElse(String fallback) {
    return value == null ? fallback : value;
  }

  @Override
  public String toString() {
    return value == null ? "(none)" : "(secret)";
  }

  static String variables() {
    return String.join(
        ", ",
        List.of(
            REDIS_PASSWORD,
            CACHE_KEY,
            KAFKA_JAAS,
            HELD_OUT_SALT,
            SIGNING_KEY,
            SIGNING_KEY_FILE,
            KEYSTORE_PASSWORD));
  }
}
