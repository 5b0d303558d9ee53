/** A base as the source text of a TorchScript program: what computes it, and what stands where. */
@NullMarked
package dev.millrace.model.program;

import org.jspecify.annotations.NullMarked;
