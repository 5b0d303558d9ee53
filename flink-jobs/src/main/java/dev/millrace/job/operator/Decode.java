package dev.millrace.job.operator;

import dev.millrace.job.io.RawRecord;
import dev.millrace.schema.wire.InvalidRecordException;
import java.io.Serializable;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** Bytes to records; what is none leaves by the side output with its reason. */
public final class Decode<T> extends ProcessFunction<RawRecord, T> {

  private final Decoder<T> decoder;

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
      context.output(Outputs.REJECTED, e.rejection(raw.origin()));
    }
  }
}
