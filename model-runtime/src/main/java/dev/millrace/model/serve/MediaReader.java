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
import dev.millrace.schema.Request.Task;
import java.util.List;
import java.util.Objects;
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
  static final class UnreadableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private UnreadableException(Reason reason, String detail) {
      super(reason.code() + ": " + detail);
    }
  }

  /**
   * Whether a picture or a sound is to be decoded before it is asked about. A text is not, nor what
   * no base here could be shown.
   */
  boolean decodes(Media media, Task task) {
    return aligner != null && !media.isText() && (task == Task.EMBED || aligner.prefixLength() > 0);
  }

  /**
   * A picture or a sound as encoders take it; for any thread. It may take half a second.
   *
   * @throws UnreadableException if it is none
   */
  static Input decoded(Media media) {
    try {
      return Input.read(media.modality(), media.bytes());
    } catch (InvalidMediaException e) {
      throw new UnreadableException(Reason.of(e.kind()), String.valueOf(e.getMessage()));
    }
  }

  /**
   * What stands before the prompt.
   *
   * @param decoded the media, where a base here can be shown them
   * @param base that is to read it, by its id
   * @throws UnreadableException if it is not shown any
   */
  Prefix read(Media media, @Nullable Input decoded, String base) {
    if (aligner == null || aligner.prefixLength() == 0 || !aligner.config().base().equals(base)) {
      throw new UnreadableException(
          Reason.MODALITY_UNSUPPORTED,
          media.modality() + ", expected text: no encoders make prefixes for this base");
    }
    return aligner.prefixes(List.of(Objects.requireNonNull(decoded))).get(0);
  }

  /**
   * Where the encoders see media, which may be a text, in the space of all media: of length 1.
   *
   * @param decoded the media, if they are no text and there are encoders
   * @param tokens of the text
   * @param alignment what a domain adds to them
   * @throws UnreadableException if there are no encoders for the base
   */
  float[] place(
      Media media, @Nullable Input decoded, int[] tokens, Carrier carrier, AlignAdapter alignment) {
    if (aligner == null || !aligner.config().base().equals(carrier.base().id())) {
      throw new UnreadableException(
          Reason.MODALITY_UNSUPPORTED,
          media.modality() + ", expected a prompt: there are no encoders for this base");
    }
    return media.isText()
        ? alignment.place(Side.CAPTION, aligner.embed(words(media, tokens, carrier)))
        : alignment.place(Side.MEDIA, aligner.embed(Objects.requireNonNull(decoded)));
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
