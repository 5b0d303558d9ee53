package dev.millrace.adapter.gate;

import dev.millrace.model.adapter.Delta;
import dev.millrace.schema.RuleResult;
import java.util.Map;

/**
 * What the adapter adds to no matrix is out of all proportion: the root mean square of the entries
 * of B · A, at the site where it is greatest.
 */
final class NormOfChange implements Rule {

  @Override
  public String name() {
    return "norm-of-change";
  }

  @Override
  public RuleResult judge(Case evidence) {
    double worst = 0;
    double all = 0;
    for (Delta delta : evidence.candidate.served().adapter().deltas()) {
      double entries = (double) delta.site().in() * delta.site().out();
      for (int expert = 0; expert < delta.site().experts(); expert++) {
        double squares = squares(delta, expert);
        worst = Math.max(worst, Math.sqrt(squares / entries)); // NaN stays NaN
        all += squares;
      }
    }
    double bound = evidence.config.changeBound();
    return result(
        worst <= bound,
        "root mean square of what is added to a matrix is %.5f; expected at most %s"
            .formatted(worst, bound),
        Map.of("worstRootMeanSquare", worst, "frobenius", Math.sqrt(all)));
  }

  /** ‖B·A‖² = Σ (BᵀB ∘ AAᵀ): two matrices of (rank, rank) in place of one of (out, in). */
  private static double squares(Delta delta, int expert) {
    int in = delta.site().in();
    int out = delta.site().out();
    int rank = delta.rank();
    int a = expert * rank * in;
    int b = expert * out * rank;
    double sum = 0;
    for (int i = 0; i < rank; i++) {
      for (int j = 0; j < rank; j++) {
        double rows = 0;
        for (int k = 0; k < in; k++) {
          rows += (double) delta.a()[a + i * in + k] * delta.a()[a + j * in + k];
        }
        double columns = 0;
        for (int k = 0; k < out; k++) {
          columns += (double) delta.b()[b + k * rank + i] * delta.b()[b + k * rank + j];
        }
        sum += rows * columns;
      }
    }
    return Math.max(sum, 0); // rounding; keeps NaN
  }
}
