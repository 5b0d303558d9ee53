package dev.millrace.model.distil;

/** What a student's weights are before its first step. */
public enum Beginning {
  /** Drawn at random. */
  DRAWN,
  /** Drawn, but for an embedding made of the teacher's. */
  HINTED,
  /** Cut out of the teacher's. */
  CUT
}
