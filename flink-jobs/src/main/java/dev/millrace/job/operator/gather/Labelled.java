package dev.millrace.job.operator.gather;

import dev.millrace.job.operator.Outputs;
import dev.millrace.model.score.Reason;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.Sample;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Lets samples pass that say which domain they belong to; the others, and what these say of theirs,
 * go where domains are assigned, or are refused.
 */
public final class Labelled extends ProcessFunction<Sample, Sample> {

  private final boolean assigns;

  /**
   * @param assigns whether samples without a domain are assigned one
   */
  public Labelled(boolean assigns) {
    this.assigns = assigns;
  }

  @Override
  public void processElement(Sample sample, Context context, Collector<Sample> out) {
    if (sample.domain() != null) {
      out.collect(sample);
    }
    if (assigns) {
      context.output(Outputs.TO_ASSIGN, sample.domain() == null ? sample : sample.withoutMedia());
    } else if (sample.domain() == null) {
      String why = "domain is null, expected the name of one";
      context.output(Outputs.REJECTED, refusal(sample, Reason.DOMAIN_MISSING, why));
    }
  }

  static Rejection refusal(Sample sample, Reason reason, String why) {
    return new Rejection(sample.origin(), sample.id(), null, reason.code(), why, Double.NaN);
  }
}
