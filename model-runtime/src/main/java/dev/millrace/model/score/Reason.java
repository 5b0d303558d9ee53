package dev.millrace.model.score;

import dev.millrace.model.media.InvalidMediaException;

/** Why a sample teaches nothing; the code is what stands on the rejected topic. */
public enum Reason {
  DOMAIN_MISSING("domain-missing"),
  DOMAIN_UNKNOWN("domain-unknown"),
  MODALITY_UNSUPPORTED("modality-unsupported"),
  SOURCE_QUOTA("source-quota"),
  TENANT_QUOTA("tenant-quota"),
  GENERATED_CAP("generated-cap"),
  SOURCE_THROTTLED("source-throttled"),
  TOO_SHORT("too-short"),
  TOO_LONG("too-long"),
  DUPLICATE_EXACT("duplicate-exact"),
  DUPLICATE_NEAR("duplicate-near"),
  DUPLICATE_REORDERED("duplicate-reordered"),
  NEAR_HELD_OUT("near-held-out"),
  HELD_OUT_NEAR_TRAIN("held-out-near-train"),
  ENCODING_DAMAGE("encoding-damage"),
  REPETITION("repetition"),
  SYMBOL_SHARE("symbol-share"),
  BOILERPLATE("boilerplate"),
  LANGUAGE_UNLIKE("language-unlike"),
  CAPTION_MISSING("caption-missing"),
  CAPTION_MISMATCH("caption-mismatch"),
  MEDIA_UNKNOWN("media-unknown"),
  MEDIA_BROKEN("media-broken"),
  MEDIA_TOO_LARGE("media-too-large"),
  ENTROPY_NOISE("entropy-noise"),
  QUALITY_LOW("quality-low");

  private final String code;

  Reason(String code) {
    this.code = code;
  }

  /** What is wrong with media. */
  public static Reason of(InvalidMediaException.Kind kind) {
    return switch (kind) {
      case UNKNOWN -> MEDIA_UNKNOWN;
      case BROKEN -> MEDIA_BROKEN;
      case TOO_LARGE -> MEDIA_TOO_LARGE;
    };
  }

  /** Whether it is about the sample, not about who sent it or what the base can read. */
  boolean isOfSample() {
    return switch (this) {
      case SOURCE_QUOTA, TENANT_QUOTA, GENERATED_CAP, SOURCE_THROTTLED, MODALITY_UNSUPPORTED ->
          false;
      default -> true;
    };
  }

  /** Whether it nearly is a text that teaches or judges already. */
  boolean isOfACopy() {
    return this == DUPLICATE_NEAR || this == NEAR_HELD_OUT;
  }

  public String code() {
    return code;
  }
}
