package dev.millrace.adapter.exchange;

/**
 * What a process's messages have left out up to a training, as state.
 *
 * @param place the process and the domain
 * @param lesson that the training was of
 * @param memory (parameters)
 */
public record KeptMemory(String place, String training, long lesson, float[] memory) {

  /** Which of a job's processes it is of. */
  public int process() {
    return Places.process(place);
  }
}
