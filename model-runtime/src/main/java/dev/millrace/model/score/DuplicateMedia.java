package dev.millrace.model.score;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The same bytes under the same caption again, within the last so many samples seen; or under any
 * caption, if one of both judges and the other would teach.
 */
final class DuplicateMedia implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    candidate.normalized = Normalizer.normalize(candidate.text);
    byte[] media = candidate.sample.media();
    long bytes = TextHash.of(media)[0];
    long caption = TextHash.of(candidate.normalized)[0];
    long[] hash = {TextHash.mix(bytes ^ caption)};
    if (memory.exact.nearest(hash) == 1) {
      return new Refusal(
          Reason.DUPLICATE_EXACT,
          "media of " + media.length + " bytes with this caption was seen before");
    }
    memory.exact.add(hash);
    candidate.mediaSignature = signature(bytes);
    return otherSide(candidate, memory);
  }

  /** As many bits as captions have, to stand among their signatures. */
  private static long[] signature(long hash) {
    long[] signature = new long[MinHash.WORDS];
    Arrays.setAll(signature, i -> TextHash.mix(hash + i));
    return signature;
  }

  private static @Nullable Refusal otherSide(Candidate candidate, DomainMemory memory) {
    int bytes = candidate.sample.media().length;
    if (candidate.heldOut) {
      return memory.near.nearest(candidate.mediaSignature) == 1
          ? new Refusal(
              Reason.HELD_OUT_NEAR_TRAIN,
              "media of " + bytes + " bytes teaches under another caption")
          : null;
    }
    return memory.heldOut.nearest(candidate.mediaSignature) == 1
        ? new Refusal(
            Reason.NEAR_HELD_OUT, "media of " + bytes + " bytes judges under another caption")
        : null;
  }
}
