package dev.millrace.adapter.exchange;

import java.util.List;

/**
 * What a trainer learned in a round; it goes no further than its process.
 *
 * @param trainer of the process
 * @param lesson its seed
 * @param from names the training whose memory the first round of a lesson goes on from; else empty
 * @param keep names what is kept; else empty
 * @param matrices of the update
 * @param values (parameters); empty if it learned nothing
 */
public record Update(
    Call call,
    int round,
    String domain,
    int process,
    int trainer,
    long lesson,
    String from,
    String keep,
    List<Shape.Matrix> matrices,
    float[] values,
    Told told) {

  String place() {
    return Places.of(process, domain);
  }
}
