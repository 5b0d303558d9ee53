package dev.millrace.model.score;

import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Input;
import dev.millrace.model.align.Places;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.media.InvalidMediaException;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Sample;
import java.util.Arrays;
import java.util.List;

/**
 * Where encoders see a picture or a sound and its caption, apart from a scorer: the same places as
 * a scorer with these limits finds.
 */
public record PairPlacer(BaseModel base, Tokenizer tokenizer, Aligner aligner, ModelLimits limits) {

  /**
   * The places of media and their caption.
   *
   * @throws InvalidMediaException if the media cannot be decoded
   */
  public Places places(Sample sample) throws InvalidMediaException {
    int[] tokens = new SampleTokens(tokenizer, limits.trainTokens()).of(sample.teaches());
    Input media = Input.read(sample.modality(), sample.media());
    return places(media, sample.teaches(), tokens);
  }

  /**
   * The same of what was decoded.
   *
   * <p>The base is asked for the caption's embedding by itself, for a release is trained on it:
   * where texts are scored in Java, what comes beside their scores has other last bits than
   * elsewhere.
   *
   * @param tokens of the caption, at least 2
   */
  Places places(Input media, String caption, int[] tokens) {
    int[] shown = limits.shown(tokens);
    float[] hidden = base.embed(List.of(Arrays.copyOf(shown, shown.length - 1))).get(0);
    return new Places(aligner.embed(media), aligner.embed(Input.Words.of(caption, hidden)));
  }
}
