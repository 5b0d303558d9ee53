package dev.millrace.adapter.exchange;

import java.util.List;

/**
 * What a trainer found in a round; it goes no further than its process.
 *
 * @param trainer of the process
 * @param matrices of the adapter
 * @param last whether it only says that the lesson has ended
 * @param gradient (parameters): mean of its steps' gradients; empty if it took none
 */
public record Update(
    Call call,
    int round,
    String domain,
    int process,
    int trainer,
    List<Shape.Matrix> matrices,
    boolean last,
    float[] gradient,
    Told told) {

  String place() {
    return Order.place(process, domain);
  }
}
