package dev.millrace.job.operator.gather;

import dev.millrace.adapter.batch.OpenBatch;
import dev.millrace.job.operator.DomainKey;
import dev.millrace.job.operator.Figures;
import dev.millrace.schema.TrainingBatch;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;

/** Counts what gathers, and measures what is closed. */
final class BatchFigures {

  private final Figures figures;
  private final Histogram samples;
  private final Histogram ages;

  BatchFigures(MetricGroup operator) {
    figures = new Figures(operator);
    samples = figures.histogram(MetricNames.BATCH_SAMPLES);
    ages = figures.histogram(MetricNames.BATCH_AGE);
  }

  void gathering(OpenBatch batch) {
    figures.set(
        BatchOperator.GATHERING, DomainKey.label(batch.tenant(), batch.domain()), batch.size());
  }

  void closed(TrainingBatch batch, long nowMillis) {
    samples.update(batch.samples().size());
    ages.update(Math.max(0, nowMillis - batch.samples().get(0).sample().eventTimeMillis()));
  }
}
