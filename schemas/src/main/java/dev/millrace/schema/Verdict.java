package dev.millrace.schema;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The gate's judgement of one candidate, or what became of an order.
 *
 * @param batch the number of the batch that the candidate learned from
 * @param release the release that the candidate became; null if it was refused
 * @param parent the release it was trained from; null for the base
 * @param accepted true if every rule passed
 * @param samples how many samples the batch held
 * @param tokens how many tokens were trained on, replay included
 * @param trainMillis how long training took
 * @param qualities Q(x) of each sample of the batch, in order
 * @param kind of the candidate
 */
public record Verdict(
    @Nullable String tenant,
    String domain,
    long batch,
    @Nullable String release,
    @Nullable String parent,
    boolean accepted,
    List<RuleResult> rules,
    int samples,
    long tokens,
    long trainMillis,
    List<Double> qualities,
    ReleaseEvent.Kind kind) {

  /** How the rule of a verdict on an order ends, behind what was ordered. */
  private static final String OBEYED = "-obeyed";

  /** Of an adapter of the language model. */
  public Verdict(
      @Nullable String tenant,
      String domain,
      long batch,
      @Nullable String release,
      @Nullable String parent,
      boolean accepted,
      List<RuleResult> rules,
      int samples,
      long tokens,
      long trainMillis,
      List<Double> qualities) {
    this(
        tenant,
        domain,
        batch,
        release,
        parent,
        accepted,
        rules,
        samples,
        tokens,
        trainMillis,
        qualities,
        ReleaseEvent.Kind.ADAPTER);
  }

  /**
   * Of what became of an order.
   *
   * @param trouble why it was not obeyed; empty if it was
   * @param figures beside where the order stands and how many samples it names
   */
  public static Verdict onOrder(
      ReleaseEvent order,
      long batch,
      @Nullable String release,
      @Nullable String parent,
      String trouble,
      Map<String, Double> figures) {
    boolean obeyed = trouble.isEmpty();
    Map<String, Double> told = new TreeMap<>(figures);
    told.put("offset", (double) order.origin().offset());
    if (!order.forgotten().isEmpty()) {
      told.put("forgotten", (double) order.forgotten().size());
    }
    String rule = order.action().name().toLowerCase(Locale.ROOT) + OBEYED;
    return new Verdict(
        order.tenant(),
        order.domain(),
        batch,
        obeyed ? release : null,
        parent,
        obeyed,
        List.of(new RuleResult(rule, obeyed, trouble, told)),
        0,
        0,
        0,
        List.of(),
        order.kind());
  }

  /** Whether it says what became of an order, and not what the gate found. */
  public boolean onAnOrder() {
    return rules.stream().anyMatch(rule -> rule.rule().endsWith(OBEYED));
  }

  /** The releases that the candidate would have been one of. */
  public ReleaseLine line() {
    return new ReleaseLine(tenant, domain, kind);
  }

  /** Whether it is of the space in which pictures and sounds meet their captions. */
  public boolean isOfAlignment() {
    return kind == ReleaseEvent.Kind.ALIGNMENT;
  }
}
