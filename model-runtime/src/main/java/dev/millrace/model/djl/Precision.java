package dev.millrace.model.djl;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.program.MatrixFormat;

/** The numbers that a base serves in. */
public enum Precision {
  /** As stored, widened to fp32: the reference. */
  FLOAT32,
  /** Integer matrices, in the {@link MatrixFormat} of the base; router and norms in fp32. */
  INT8;

  MatrixFormat format(MoeConfig config) {
    return this == FLOAT32 ? MatrixFormat.FLOAT32 : MatrixFormat.int8(config);
  }
}
