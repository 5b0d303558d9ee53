package dev.millrace.model.cache;

import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HMAC-SHA256 under one secret; safe for use by several threads. */
final class Hmac {

  private static final String ALGORITHM = "HmacSHA256";
  static final int LEAST_SECRET = 16;

  private final Mac keyed;

  Hmac(byte[] secret) {
    if (secret.length < LEAST_SECRET) {
      throw new IllegalArgumentException(
          "cache secret of " + secret.length + " bytes, expected at least " + LEAST_SECRET);
    }
    try {
      keyed = Mac.getInstance(ALGORITHM);
      keyed.init(new SecretKeySpec(secret, ALGORITHM));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
    }
  }

  /** (32): the code of a message. */
  byte[] of(byte[] message) {
    try {
      return ((Mac) keyed.clone()).doFinal(message);
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException(ALGORITHM + " cannot be cloned", e);
    }
  }
}
