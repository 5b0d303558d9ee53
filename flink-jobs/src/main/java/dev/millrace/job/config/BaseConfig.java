package dev.millrace.job.config;

import java.io.Serializable;

/**
 * The base model.
 *
 * @param dir folder of its checkpoint, on every machine
 */
public record BaseConfig(String dir) implements Serializable {

  static BaseConfig defaults() {
    return new BaseConfig("models/nano");
  }
}
