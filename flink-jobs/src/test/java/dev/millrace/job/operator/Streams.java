package dev.millrace.job.operator;

import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.util.List;

/** Small records for tests. */
final class Streams {
  private Streams() {}

  static Sample sample(String domain, long offset, String text, long eventTimeMillis) {
    return new Sample(
        domain + "-" + offset,
        "test",
        "document-" + offset,
        null,
        domain,
        Modality.TEXT,
        text,
        new byte[0],
        null,
        eventTimeMillis,
        new Origin("samples", 0, offset));
  }

  static ScoredSample scored(String domain, long offset, long eventTimeMillis) {
    Sample sample = sample(domain, offset, "text " + offset, eventTimeMillis);
    return new ScoredSample(sample, new int[] {1, 2, 3}, 1, 1, 1, false);
  }

  static TrainingBatch batch(String domain, long number) {
    List<ScoredSample> samples =
        List.of(scored(domain, 2 * number, 0), scored(domain, 2 * number + 1, 0));
    return new TrainingBatch(null, domain, number, samples, List.of());
  }

  static Request request(long offset) {
    return new Request(
        "request-" + offset,
        null,
        "cloud",
        null,
        Request.Task.SCORE,
        "prompt " + offset,
        0,
        0,
        0,
        false,
        0,
        new Origin("requests", 0, offset));
  }
}
