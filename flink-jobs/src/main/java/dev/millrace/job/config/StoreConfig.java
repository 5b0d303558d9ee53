package dev.millrace.job.config;

import java.io.Serializable;

/**
 * Where releases lie.
 *
 * @param uri of the folder, through Flink's FileSystem
 * @param trustedKeys whose signatures are taken: base64 of Ed25519 public keys in X.509 form,
 *     commas between; empty takes unsigned releases too
 */
public record StoreConfig(String uri, String trustedKeys) implements Serializable {

  static StoreConfig defaults() {
    return new StoreConfig(".millrace/store", "");
  }
}
