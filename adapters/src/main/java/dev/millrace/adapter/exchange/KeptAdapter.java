package dev.millrace.adapter.exchange;

/**
 * A trainer's part of what a training led to, as state.
 *
 * @param place the process and the domain
 * @param lesson that the training was of
 * @param adapter the weights that all share
 * @param first (parameters): its own first moment
 * @param second (parameters): its own second moment
 */
public record KeptAdapter(
    String place,
    String training,
    long lesson,
    byte[] adapter,
    float[] first,
    float[] second,
    long step) {

  /** Which of a job's processes it is of. */
  public int process() {
    return Places.process(place);
  }
}
