package dev.millrace.model.score;

/** Why a sample teaches nothing; the code is what stands on the rejected topic. */
public enum Reason {
  MODALITY_UNSUPPORTED("modality-unsupported"),
  TOO_SHORT("too-short"),
  TOO_LONG("too-long"),
  DUPLICATE_EXACT("duplicate-exact"),
  DUPLICATE_NEAR("duplicate-near"),
  NEAR_HELD_OUT("near-held-out"),
  HELD_OUT_NEAR_TRAIN("held-out-near-train"),
  HELD_OUT_FULL("held-out-full"),
  ENCODING_DAMAGE("encoding-damage"),
  REPETITION("repetition"),
  SYMBOL_SHARE("symbol-share"),
  ENTROPY_NOISE("entropy-noise"),
  QUALITY_LOW("quality-low");

  private final String code;

  Reason(String code) {
    this.code = code;
  }

  public String code() {
    return code;
  }
}
