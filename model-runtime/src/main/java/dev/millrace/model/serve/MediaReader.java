package dev.millrace.model.serve;

import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Input;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.media.InvalidMediaException;
import dev.millrace.model.score.Reason;
import dev.millrace.schema.Media;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a base sees and hears of pictures and sounds that are asked about. */
public interface MediaReader {

  /** Media that cannot be read; the message begins with a code, as an answer's error does. */
  final class UnreadableException extends Exception {
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
  Prefix read(Media media, String base) throws UnreadableException;

  /** What it makes of media goes by this name too: part of the name of an answer. */
  String id();

  /** Reads by encoders, which it does not own; by none, or for another base, it refuses. */
  static MediaReader of(@Nullable Aligner aligner) {
    return new MediaReader() {
      @Override
      public Prefix read(Media media, String base) throws UnreadableException {
        if (aligner == null
            || aligner.prefixLength() == 0
            || !aligner.config().base().equals(base)) {
          throw new UnreadableException(
              Reason.MODALITY_UNSUPPORTED,
              media.modality() + ", expected text: no encoders make prefixes for this base");
        }
        try {
          Input input = Input.read(media.modality(), media.bytes());
          return aligner.prefixes(List.of(input)).get(0);
        } catch (InvalidMediaException e) {
          throw new UnreadableException(Reason.of(e.kind()), String.valueOf(e.getMessage()));
        }
      }

      @Override
      public String id() {
        return aligner == null ? "" : aligner.prefixId();
      }
    };
  }
}
