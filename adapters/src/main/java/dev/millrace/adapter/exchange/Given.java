package dev.millrace.adapter.exchange;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Parameters;
import dev.millrace.model.kinds.AdapterCodec;
import dev.millrace.model.weights.Digest;
import java.nio.ByteBuffer;

/**
 * An adapter in training as it travels.
 *
 * @param adapter its weights
 * @param first (parameters): AdamW's first moment
 * @param second (parameters): AdamW's second moment
 * @param step optimizer steps taken so far
 */
public record Given(byte[] adapter, float[] first, float[] second, long step) {

  static Given of(AdapterState state) {
    return new Given(
        AdapterCodec.encode(state.weights()), state.first(), state.second(), state.step());
  }

  AdapterState state() {
    return new AdapterState(AdapterCodec.decode(adapter), first, second, step);
  }

  /** Names a state by all that is in it. */
  static String name(AdapterState state) {
    float[] weights = Parameters.flatten(state.weights());
    ByteBuffer bytes = ByteBuffer.allocate(3 * weights.length * Float.BYTES + Long.BYTES);
    bytes.asFloatBuffer().put(weights).put(state.first()).put(state.second());
    return Digest.sha256(bytes.putLong(bytes.capacity() - Long.BYTES, state.step()).array());
  }
}
