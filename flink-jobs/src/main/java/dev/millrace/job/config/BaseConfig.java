package dev.millrace.job.config;

import java.io.Serializable;

/**
 * The base model.
 *
 * @param dir folder of its checkpoint, on every machine
 * @param align folder of the encoders that were trained beside it; empty for {@code align} beside
 *     {@code dir}, if there is one
 * @param previous folder of the base before it, whose releases serve until others on the new one
 *     are better; empty if there was none
 */
public record BaseConfig(String dir, String align, String previous) implements Serializable {

  static BaseConfig defaults() {
    return new BaseConfig("models/nano", "", "");
  }
}
