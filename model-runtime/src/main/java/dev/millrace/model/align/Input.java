package dev.millrace.model.align;

import dev.millrace.model.media.InvalidMediaException;
import dev.millrace.model.media.Picture;
import dev.millrace.model.media.Pictures;
import dev.millrace.model.media.Sound;
import dev.millrace.model.media.Sounds;
import dev.millrace.schema.Modality;

/** What an encoder takes. */
public sealed interface Input {

  /**
   * A text or a piece of code.
   *
   * @param buckets of its words and their letters, see {@link WordBuckets}
   * @param hidden what the base made of it: the mean of its last hidden states, (hidden_size)
   */
  record Words(int[] buckets, float[] hidden) implements Input {

    public static Words of(String text, float[] hidden) {
      return new Words(WordBuckets.of(text), hidden);
    }
  }

  /**
   * A picture or a sound of strangers.
   *
   * @param modality IMAGE or AUDIO
   * @throws InvalidMediaException if it cannot be decoded within bounds
   */
  static Input read(Modality modality, byte[] media) throws InvalidMediaException {
    return modality == Modality.IMAGE
        ? new Seen(Pictures.read(media))
        : new Heard(Sounds.read(media));
  }

  /** A picture. */
  record Seen(Picture picture) implements Input {}

  /** A sound. */
  record Heard(Sound sound) implements Input {}
}
