package dev.millrace.job.operator.learn;

import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.train.Governor;
import dev.millrace.job.operator.DomainKey;
import dev.millrace.job.operator.Figures;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.apache.flink.metrics.MetricGroup;
import org.jspecify.annotations.Nullable;

/**
 * Counts verdicts and releases, and shows figures of each domain's last training. Domains are named
 * by {@link DomainKey#label}.
 */
final class LearnFigures {

  static final String ACCEPTED = "accepted";
  private static final Map<String, String> SHOWN =
      Map.of(
          "lastLoss", MetricNames.TRAIN_LOSS,
          "activeShare", MetricNames.ACTIVE_EXPERTS,
          "agreement", MetricNames.ROUTING_AGREEMENT);

  private final Figures figures;
  private final LongSupplier clock;
  private final Map<String, Long> published = new ConcurrentHashMap<>();
  private final Map<String, Integer> pending = new HashMap<>();
  private final Set<String> timed = new HashSet<>();

  private volatile @Nullable Lesson lesson;
  private volatile boolean training;

  /** What is being learned, and since when. */
  private record Lesson(String domain, long sinceMillis) {}

  /**
   * @param pending batches that are not learned yet
   * @param held domains that wait for the store
   * @param clock epoch milliseconds
   */
  LearnFigures(MetricGroup operator, IntSupplier pending, IntSupplier held, LongSupplier clock) {
    figures = new Figures(operator);
    this.clock = clock;
    figures.group().gauge(MetricNames.PENDING, pending::getAsInt);
    figures.showNativeMemory();
    figures.group().gauge(MetricNames.HELD, held::getAsInt);
  }

  /**
   * A batch of a domain came, to be learned. What may come of it is known with 0: whoever asks how
   * much a counter grew does not see that it began with 1.
   */
  void came(String domain) {
    figures.count(MetricNames.VERDICTS, domain, MetricNames.OUTCOME, ACCEPTED, 0);
    figures.count(MetricNames.RELEASES, domain, 0);
    figures.set(MetricNames.PENDING, domain, pending.merge(domain, 1, Integer::sum));
  }

  /** A batch of a domain needs to be learned no more. */
  void left(String domain) {
    figures.set(MetricNames.PENDING, domain, pending.merge(domain, -1, Integer::sum));
  }

  /** A batch of a domain is being learned from now on. */
  void learning(String domain) {
    lesson = new Lesson(domain, clock.getAsLong());
    if (timed.size() < Figures.MOST_LABELS && timed.add(domain)) {
      figures.gauge(MetricNames.LEARNING, domain, () -> learningSeconds(domain));
      figures.gauge(MetricNames.TRAINING, domain, () -> training && isLearned(domain) ? 1 : 0);
    }
  }

  /** Nothing is being learned any more. */
  void rests() {
    lesson = null;
  }

  /** The same governor, which shows too when it trains. */
  Governor shown(Governor inner) {
    return new Governor() {
      @Override
      public boolean proceed() {
        return inner.proceed();
      }

      @Override
      public void training(boolean now) {
        training = now;
      }
    };
  }

  private boolean isLearned(String domain) {
    Lesson now = lesson;
    return now != null && now.domain.equals(domain);
  }

  private double learningSeconds(String domain) {
    Lesson now = lesson;
    return now == null || !now.domain.equals(domain)
        ? 0
        : (clock.getAsLong() - now.sinceMillis) / 1e3;
  }

  void learned(Outcome outcome) {
    Verdict verdict = outcome.verdict();
    String domain = DomainKey.label(verdict.tenant(), verdict.domain());
    figures.count(MetricNames.VERDICTS, domain, MetricNames.OUTCOME, outcomeOf(verdict));
    if (verdict.trainMillis() > 0) {
      figures.set(MetricNames.TRAIN_TOKENS, domain, 1e3 * verdict.tokens() / verdict.trainMillis());
    }
    for (RuleResult rule : verdict.rules()) {
      rule.figures().forEach((name, value) -> show(domain, name, value));
    }
    ReleaseEvent event = outcome.release();
    if (event != null && event.action() == ReleaseEvent.Action.PUBLISH) {
      released(domain);
    }
  }

  private void show(String domain, String figure, double value) {
    String name = SHOWN.get(figure);
    if (name != null) {
      figures.set(name, domain, value);
    }
  }

  private void released(String domain) {
    figures.count(MetricNames.RELEASES, domain, 1);
    long now = clock.getAsLong();
    if (published.replace(domain, now) == null && published.size() < Figures.MOST_LABELS) {
      published.put(domain, now);
      figures.gauge(
          MetricNames.RELEASE_AGE,
          domain,
          () -> (clock.getAsLong() - published.getOrDefault(domain, 0L)) / 1e3);
    }
  }

  /** The first rule that failed, or that none did. */
  static String outcomeOf(Verdict verdict) {
    return verdict.rules().stream()
        .filter(rule -> !rule.passed())
        .map(RuleResult::rule)
        .findFirst()
        .orElse(ACCEPTED);
  }
}
