package dev.millrace.model.score;

import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Input;
import dev.millrace.model.align.Places;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.media.InvalidMediaException;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Sample;
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
    float[] embedding = base.read(List.of(limits.shown(tokens))).get(0).embedding();
    Input media = Input.read(sample.modality(), sample.media());
    return places(aligner, media, sample.teaches(), embedding);
  }

  /**
   * @param embedding of the caption, by the base
   */
  static Places places(Aligner aligner, Input media, String caption, float[] embedding) {
    return new Places(aligner.embed(media), aligner.embed(Input.Words.of(caption, embedding)));
  }
}
