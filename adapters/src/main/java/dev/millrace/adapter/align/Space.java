package dev.millrace.adapter.align;

/**
 * Where places are: those of other encoders, or of captions as another base reads them, say nothing
 * here.
 *
 * @param base id
 * @param encoders id
 */
public record Space(String base, String encoders) {

  /** Where nothing is placed. */
  static final Space NONE = new Space("", "");
}
