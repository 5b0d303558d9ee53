package dev.millrace.model.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.AlignAdapter.Side;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Input;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.media.InvalidMediaException;
import dev.millrace.model.score.Reason;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.schema.Media;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a base sees and hears of pictures and sounds that are asked about.
 *
 * @param aligner the encoders, which it does not own; by none, or for another base, it refuses
 */
public record MediaReader(@Nullable Aligner aligner) {

  /** What the base reads of a text to place it, as when samples are scored. */
  static final int TEXT_TOKENS = 96;

  /** Media that cannot be read; the message begins with a code, as an answer's error does. */
  static final class UnreadableException extends Exception {
    private static final long serialVersionUID = 1;

    private UnreadableException(Reason reason, String detail) {
      super(reason.code() + ": " + detail);
    }
  }

  /**
   * What stands before the prompt.
   *
   * @param base that is to read it, by its id
   */
  Prefix read(Media media, String base) throws UnreadableException {
    if (aligner == null || aligner.prefixLength() == 0 || !aligner.config().base().equals(base)) {
      throw new UnreadableException(
          Reason.MODALITY_UNSUPPORTED,
          media.modality() + ", expected text: no encoders make prefixes for this base");
    }
    return aligner.prefixes(List.of(input(media))).get(0);
  }

  /**
   * Where the encoders see media, which may be a text, in the space of all media: of length 1.
   *
   * @param tokens of the text
   * @param alignment what a domain adds to them
   */
  float[] place(Media media, int[] tokens, Carrier carrier, AlignAdapter alignment)
      throws UnreadableException {
    if (aligner == null || !aligner.config().base().equals(carrier.base().id())) {
      throw new UnreadableException(
          Reason.MODALITY_UNSUPPORTED,
          media.modality() + ", expected a prompt: there are no encoders for this base");
    }
    return media.isText()
        ? alignment.place(Side.CAPTION, aligner.embed(words(media, tokens, carrier)))
        : alignment.place(Side.MEDIA, aligner.embed(input(media)));
  }

  private static Input input(Media media) throws UnreadableException {
    try {
      return Input.read(media.modality(), media.bytes());
    } catch (InvalidMediaException e) {
      throw new UnreadableException(Reason.of(e.kind()), String.valueOf(e.getMessage()));
    }
  }

  /** What the base reads of a text to place it; nothing of other media. */
  static int[] tokens(Media media, Carrier carrier) {
    return media.isText()
        ? new SampleTokens(carrier.tokenizer(), TEXT_TOKENS).of(text(media))
        : new int[0];
  }

  private static Input words(Media media, int[] tokens, Carrier carrier) {
    return Input.Words.of(text(media), carrier.base().embed(List.of(tokens)).get(0));
  }

  private static String text(Media media) {
    return new String(media.bytes(), UTF_8);
  }

  /** What it makes of media goes by this name too: part of the name of an answer. */
  String id() {
    return aligner == null ? "" : aligner.prefixId();
  }
}
