package dev.millrace.adapter.gate;

import dev.millrace.model.base.BaseModel;
import dev.millrace.schema.RuleResult;
import java.util.ArrayList;
import java.util.List;

/**
 * The rules of the gate that can be asked of a whole base. What is protected is what the base whose
 * place it takes knows and says.
 */
public final class BaseGate {

  private BaseGate() {}

  /**
   * Asks whether what is protected is unharmed, training and serving agree, and the canaries go on
   * as they did.
   *
   * @param bound greatest relative rise of the loss on all protected sets together; on each of them
   *     it is the gate's, if that is more
   * @param wanted is run before each rule, and for each token of the canaries; what it throws ends
   *     the judging
   */
  public static List<RuleResult> judge(
      BaseModel before,
      BaseModel next,
      Protection protection,
      double bound,
      GateConfig config,
      Runnable wanted) {
    Examination of = new Examination(before, protection, config, 1);
    Examination now = new Examination(next, protection, config, 1);
    double worst = Math.max(bound, config.worstProtectedBound());
    List<RuleResult> rules = new ArrayList<>();
    wanted.run();
    rules.add(new ProtectedUnharmed().judge(now.rise(of), bound, worst));
    wanted.run();
    rules.add(new TrainServeParity().judge(now.parity(), config.parityBound()));
    wanted.run();
    Canaries canaries = now.canaries();
    rules.add(new CanaryPrompts().judge(canaries.count(), canaries.changed(of.canaries(), wanted)));
    return List.copyOf(rules);
  }
}
