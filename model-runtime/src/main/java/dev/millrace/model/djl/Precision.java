package dev.millrace.model.djl;

/** The numbers that a base serves in. */
public enum Precision {
  /** As stored, widened to fp32: the reference. */
  FLOAT32,
  /** Integer matrices, in the {@link MatrixFormat} of the base; router and norms in fp32. */
  INT8
}
