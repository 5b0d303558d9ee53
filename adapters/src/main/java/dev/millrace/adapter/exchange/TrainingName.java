package dev.millrace.adapter.exchange;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Parameters;
import dev.millrace.adapter.train.Terms;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.weights.Digest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Names a training by what it follows from, and by the weights that it led to: the same training
 * has the same name after a restart.
 */
final class TrainingName {
  private static final int LENGTH = 16;

  private TrainingName() {}

  static String of(
      ExchangeConfig config, AdapterState from, Lesson lesson, Terms terms, AdapterWeights to) {
    String what =
        String.join(
            " ",
            from.kept(),
            digest(from.weights()),
            Long.toString(from.step()),
            Long.toString(lesson.seed()),
            terms.toString(),
            config.toString());
    String hash = hash(what.getBytes(StandardCharsets.UTF_8));
    return team(config) + "-" + hash + "-" + digest(to);
  }

  /** Who keeps the moments. */
  private static String team(ExchangeConfig config) {
    return config.processes() + "x" + config.trainers();
  }

  /** Whether trainers of this configuration can have kept a training's moments. */
  static boolean isOf(String name, ExchangeConfig config) {
    return name.startsWith(team(config) + "-");
  }

  static String digest(AdapterWeights weights) {
    float[] values = Parameters.flatten(weights);
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    return hash(bytes.array());
  }

  private static String hash(byte[] bytes) {
    return Digest.sha256(bytes).substring(0, LENGTH);
  }
}
