/** Safetensors files, digests and checkpoint folders. */
@NullMarked
package dev.millrace.model.weights;

import org.jspecify.annotations.NullMarked;
