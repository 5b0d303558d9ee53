package dev.millrace.job.io;

import dev.millrace.job.config.KafkaConfig;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** How a record's value stands on a topic; everywhere else it is Avro's single-object encoding. */
interface WireFormat extends Serializable {

  /** The same record as the codecs read it; what it does not know it leaves alone. */
  byte @Nullable [] read(byte @Nullable [] value);

  /** The same record as the topic's readers expect it. */
  byte @Nullable [] write(String topic, byte @Nullable [] value);

  /** The registry's, if one is configured. */
  static WireFormat of(KafkaConfig config) {
    return config.registry().isEmpty() ? new AsItIs() : new RegistryFormat(config.registry());
  }

  /** No registry. */
  record AsItIs() implements WireFormat {
    @Override
    public byte @Nullable [] read(byte @Nullable [] value) {
      return value;
    }

    @Override
    public byte @Nullable [] write(String topic, byte @Nullable [] value) {
      return value;
    }
  }
}
