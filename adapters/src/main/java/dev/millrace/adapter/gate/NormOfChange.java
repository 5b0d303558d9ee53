package dev.millrace.adapter.gate;

import dev.millrace.model.peft.LoraPair;
import dev.millrace.schema.RuleResult;
import java.util.Map;

/**
 * What the adapter adds to no matrix is out of all proportion: the root mean square of the entries
 * of scale · B · A, at the site where it is greatest.
 */
final class NormOfChange implements Rule {

  @Override
  public String name() {
    return "norm-of-change";
  }

  @Override
  public RuleResult judge(Case evidence) {
    double scale = evidence.candidate.served().adapter().config().scale();
    double worst = 0;
    double all = 0;
    for (LoraPair pair : evidence.candidate.served().adapter().pairs()) {
      double squares = scale * scale * squares(pair);
      double entries = (double) pair.site().in() * pair.site().out();
      worst = Math.max(worst, Math.sqrt(squares / entries)); // NaN stays NaN
      all += squares;
    }
    double bound = evidence.config.changeBound();
    return result(
        worst <= bound,
        "root mean square of what is added to a matrix is %.5f; expected at most %s"
            .formatted(worst, bound),
        Map.of("worstRootMeanSquare", worst, "frobenius", Math.sqrt(all)));
  }

  /** ‖B·A‖² = Σ (BᵀB ∘ AAᵀ): two matrices of (rank, rank) in place of one of (out, in). */
  private static double squares(LoraPair pair) {
    int in = pair.site().in();
    int out = pair.site().out();
    int rank = pair.a().length / in;
    double sum = 0;
    for (int i = 0; i < rank; i++) {
      for (int j = 0; j < rank; j++) {
        double rows = 0;
        for (int k = 0; k < in; k++) {
          rows += (double) pair.a()[i * in + k] * pair.a()[j * in + k];
        }
        double columns = 0;
        for (int k = 0; k < out; k++) {
          columns += (double) pair.b()[k * rank + i] * pair.b()[k * rank + j];
        }
        sum += rows * columns;
      }
    }
    return Math.max(sum, 0); // rounding; keeps NaN
  }
}
