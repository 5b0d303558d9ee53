package dev.millrace.job.operator;

import dev.millrace.schema.Rejection;
import dev.millrace.schema.Sample;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** Lets samples pass that say which domain they belong to. */
public final class Labelled extends ProcessFunction<Sample, Sample> {

  @Override
  public void processElement(Sample sample, Context context, Collector<Sample> out) {
    if (sample.domain() != null) {
      out.collect(sample);
    } else {
      context.output(
          Outputs.REJECTED,
          new Rejection(
              sample.origin(),
              sample.id(),
              null,
              "domain-missing",
              "domain is null, expected the name of one",
              Double.NaN));
    }
  }
}
