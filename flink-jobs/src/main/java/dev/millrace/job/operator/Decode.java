package dev.millrace.job.operator;

import dev.millrace.job.io.RawRecord;
import dev.millrace.schema.wire.InvalidRecordException;
import java.io.Serializable;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bytes to records; what is none leaves by the side output with its reason. The log names the
 * first, the second, the fourth and so on: who writes many must not fill it.
 */
public final class Decode<T> extends ProcessFunction<RawRecord, T> {

  private static final Logger LOG = LoggerFactory.getLogger(Decode.class);

  private final Decoder<T> decoder;
  private long refused;

  public Decode(Decoder<T> decoder) {
    this.decoder = decoder;
  }

  /** Reads one kind of record. */
  @FunctionalInterface
  public interface Decoder<T> extends Serializable {
    T decode(RawRecord raw) throws InvalidRecordException;
  }

  @Override
  public void processElement(RawRecord raw, Context context, Collector<T> out) {
    try {
      out.collect(decoder.decode(raw));
    } catch (InvalidRecordException e) {
      if (Long.bitCount(++refused) == 1) {
        LOG.warn("{} is refused, the {}. so far: {}", raw.origin(), refused, e.getMessage());
      }
      context.output(Outputs.REJECTED, e.rejection(raw.origin()));
    }
  }
}
