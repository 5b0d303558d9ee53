package dev.millrace.model.base;

/**
 * How the next token is chosen. Which of two tokens wins that are equally likely to within the last
 * bits may differ between processor types.
 *
 * @param temperature 0 takes the likeliest
 * @param topK draw among so many likeliest tokens; 0 for all
 * @param topP draw among the likeliest tokens that hold this share of the probability, in (0, 1]
 * @param seed of the draws
 */
public record Sampling(double temperature, int topK, double topP, long seed) {

  public Sampling {
    if (!(temperature >= 0 && temperature <= 100) || topK < 0 || !(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException(
          "temperature %s, top_k %d, top_p %s, expected 0 to 100, 0 or more, more than 0 to 1"
              .formatted(temperature, topK, topP));
    }
  }
}
