package dev.millrace.job.config;

import java.io.Serializable;

/**
 * Where releases lie.
 *
 * @param uri of the folder, through Flink's FileSystem
 */
public record StoreConfig(String uri) implements Serializable {

  static StoreConfig defaults() {
    return new StoreConfig(".millrace/store");
  }
}
