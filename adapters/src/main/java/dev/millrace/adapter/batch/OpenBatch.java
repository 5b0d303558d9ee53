package dev.millrace.adapter.batch;

import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A domain's batch while it gathers; a value, so that keyed state can hold it. Whoever keeps it may
 * keep its samples elsewhere, so that one more costs the same however many there are.
 *
 * @param number the number that the batch will have
 * @param firstMillis event time of the first sample that teaches; 0 while there is none
 * @param samples what teaches, in order of arrival, but for what is kept elsewhere
 * @param heldOut what judges, in order of arrival, but for the same
 * @param samplesElsewhere how many came before these samples
 * @param heldOutElsewhere how many came before these held-out ones
 */
public record OpenBatch(
    @Nullable String tenant,
    String domain,
    long number,
    long firstMillis,
    List<ScoredSample> samples,
    List<ScoredSample> heldOut,
    int samplesElsewhere,
    int heldOutElsewhere) {

  /**
   * What a sample led to: the batch that gathers now, and the one that it closed, if any, without
   * what is kept elsewhere.
   */
  public record Step(OpenBatch open, @Nullable TrainingBatch closed) {}

  /** The first batch of a domain. */
  public static OpenBatch first(@Nullable String tenant, String domain) {
    return new OpenBatch(tenant, domain, 0, 0, List.of(), List.of(), 0, 0);
  }

  /**
   * Takes a sample in. It closes the batch if it is the last that fits; one whose event time lies
   * beyond the span closes the batch before it, and opens the next.
   */
  public Step add(ScoredSample sample, BatchPolicy policy) {
    return add(sample, policy, Long.MIN_VALUE);
  }

  /**
   * The same where event time stands at a watermark: the span of a batch that a late sample opens
   * begins there.
   */
  public Step add(ScoredSample sample, BatchPolicy policy, long watermark) {
    if (!isEmpty() && sample.sample().eventTimeMillis() >= closesAtMillis(policy)) {
      return new Step(next().with(sample, policy, watermark), batch());
    }
    OpenBatch open = with(sample, policy, watermark);
    return open.size() >= policy.count() ? open.close() : new Step(open, null);
  }

  /** Closes at a timer or at the end of input; what only judges waits for the next batch. */
  public Step close() {
    return isEmpty() ? new Step(this, null) : new Step(next(), batch());
  }

  /** True while nothing in it teaches. */
  public boolean isEmpty() {
    return size() == 0;
  }

  /** How many samples teach. */
  public int size() {
    return samplesElsewhere + samples.size();
  }

  /**
   * The same once somebody keeps what is in it elsewhere.
   *
   * @param heldOutThere how many that judge are there now
   */
  public OpenBatch keptElsewhere(int heldOutThere) {
    return new OpenBatch(
        tenant, domain, number, firstMillis, List.of(), List.of(), size(), heldOutThere);
  }

  /** Event time from which samples no longer fit; meaningless while empty. */
  private long closesAtMillis(BatchPolicy policy) {
    long closes = firstMillis + policy.spanMillis();
    return closes < firstMillis ? Long.MAX_VALUE : closes;
  }

  private OpenBatch with(ScoredSample sample, BatchPolicy policy, long watermark) {
    if (sample.heldOut()) {
      return new OpenBatch(
          tenant,
          domain,
          number,
          firstMillis,
          samples,
          appended(heldOut, sample, policy.heldOut()),
          samplesElsewhere,
          heldOutElsewhere);
    }
    long first = isEmpty() ? Math.max(sample.sample().eventTimeMillis(), watermark) : firstMillis;
    return new OpenBatch(
        tenant,
        domain,
        number,
        first,
        appended(samples, sample, samples.size() + 1),
        heldOut,
        samplesElsewhere,
        heldOutElsewhere);
  }

  private OpenBatch next() {
    return new OpenBatch(tenant, domain, number + 1, 0, List.of(), List.of(), 0, 0);
  }

  private TrainingBatch batch() {
    return new TrainingBatch(tenant, domain, number, samples, heldOut);
  }

  private static List<ScoredSample> appended(
      List<ScoredSample> list, ScoredSample sample, int limit) {
    List<ScoredSample> longer = new ArrayList<>(list);
    longer.add(sample);
    return List.copyOf(longer.subList(Math.max(0, longer.size() - limit), longer.size()));
  }
}
