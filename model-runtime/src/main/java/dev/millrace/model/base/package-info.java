/**
 * The port to a frozen base model: log-probabilities, gradients, generation, embeddings; and the
 * threads that run it.
 */
@NullMarked
package dev.millrace.model.base;

import org.jspecify.annotations.NullMarked;
