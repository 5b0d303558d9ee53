package dev.millrace.adapter;

import dev.millrace.adapter.exchange.ExchangeConfig;
import dev.millrace.adapter.exchange.Trainee;
import dev.millrace.adapter.gate.GateConfig;
import dev.millrace.adapter.train.Plan;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.model.adapter.NamePatterns;
import dev.millrace.model.base.BaseModel;
import java.io.Serializable;
import java.util.List;

/**
 * How adapters are learned, judged and remembered.
 *
 * @param seed of every draw
 * @param adapter kind of the adapters: {@code lora} or {@code injection}
 * @param rank of the adapters
 * @param alpha scales what an adapter adds by alpha/rank
 * @param routedExperts whether adapters add to routed experts too
 * @param rsLora scales by alpha/√rank instead (rank-stabilised LoRA, arXiv 2312.03732)
 * @param pattern where rank and alpha differ
 * @param replay past samples kept per domain
 * @param waiting samples kept per domain while there is too little to judge by; beyond it the
 *     oldest are dropped
 * @param heldOut held-out samples kept per domain, of the last 256 or so
 * @param halvings how often a candidate that only goes too far (it harms a protected set, or sends
 *     tokens elsewhere) is judged again with less of what its batch changed, at least with 1/2 to
 *     this power
 */
public record LearnerConfig(
    long seed,
    String adapter,
    int rank,
    double alpha,
    boolean routedExperts,
    boolean rsLora,
    NamePatterns pattern,
    int replay,
    int waiting,
    int heldOut,
    int halvings,
    TrainConfig train,
    GateConfig gate,
    Plan plan,
    RoutingConfig routing,
    WatchConfig watch,
    ExchangeConfig exchange)
    implements Serializable {

  /** What the demo runs with. */
  public static LearnerConfig defaults() {
    return new LearnerConfig(
        17,
        "lora",
        8,
        16,
        false,
        false,
        NamePatterns.none(),
        256,
        256,
        32,
        3,
        TrainConfig.defaults(),
        GateConfig.defaults(),
        Plan.defaults(),
        RoutingConfig.defaults(),
        WatchConfig.defaults(),
        ExchangeConfig.defaults());
  }

  /** What trainers by it work with. */
  public Trainee.Means means(BaseModel base, List<int[]> anchors) {
    return new Trainee.Means(base, anchors, train, plan, exchange.codec());
  }

  /** The same, trained by another plan. */
  public LearnerConfig with(Plan other) {
    return with(train, other);
  }

  /** The same, trained otherwise. */
  public LearnerConfig with(TrainConfig other) {
    return with(other, plan);
  }

  private LearnerConfig with(TrainConfig how, Plan by) {
    return new LearnerConfig(
        seed,
        adapter,
        rank,
        alpha,
        routedExperts,
        rsLora,
        pattern,
        replay,
        waiting,
        heldOut,
        halvings,
        how,
        gate,
        by,
        routing,
        watch,
        exchange);
  }
}
