package dev.millrace.job.bench.gate;

import dev.millrace.adapter.batch.BatchPolicy;
import dev.millrace.adapter.batch.OpenBatch;
import dev.millrace.job.loop.DemoMaterial;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The demo's texts without their junk, as batches. */
record GateMaterial(Map<String, List<Sample>> streams, HeldOut heldOut, SampleTokens tokens) {

  static GateMaterial read(Path base, HeldOut heldOut, SampleTokens tokens, long seed)
      throws IOException {
    Map<String, List<Sample>> streams = new LinkedHashMap<>();
    for (Sample sample : DemoMaterial.read(base, heldOut, seed).samples()) {
      if (!sample.id().startsWith("junk-") && !sample.isMedia()) {
        streams
            .computeIfAbsent(String.valueOf(sample.domain()), domain -> new ArrayList<>())
            .add(sample);
      }
    }
    return new GateMaterial(streams, heldOut, tokens);
  }

  List<String> domains() {
    return List.copyOf(streams.keySet());
  }

  /**
   * So many batches of a domain, from a place in its stream on; from the beginning again after its
   * end.
   *
   * @param start share of the stream that lies before
   */
  List<TrainingBatch> batches(String domain, double start, int count, BatchPolicy policy) {
    List<Sample> stream = streams.getOrDefault(domain, List.of());
    List<TrainingBatch> batches = new ArrayList<>();
    OpenBatch open = OpenBatch.first(null, domain);
    for (int i = (int) (start * stream.size()); batches.size() < count; i++) {
      OpenBatch.Step step = open.add(scored(stream.get(i % stream.size()), i), policy);
      open = step.open();
      if (step.closed() != null) {
        batches.add(step.closed());
      }
    }
    return batches;
  }

  private ScoredSample scored(Sample sample, int offset) {
    Sample read = sample.withOrigin(new Origin("bench", 0, offset));
    boolean judges = heldOut.contains(null, String.valueOf(sample.domain()), sample.document());
    return new ScoredSample(read, tokens.of(sample.text()), 0, 0, 0, judges);
  }
}
