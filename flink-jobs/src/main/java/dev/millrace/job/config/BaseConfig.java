package dev.millrace.job.config;

import java.io.Serializable;

/**
 * The base model.
 *
 * @param dir folder of its checkpoint, on every machine
 * @param align folder of the encoders that were trained beside it; empty for {@code align} beside
 *     {@code dir}, if there is one
 */
public record BaseConfig(String dir, String align) implements Serializable {

  static BaseConfig defaults() {
    return new BaseConfig("models/nano", "");
  }
}
