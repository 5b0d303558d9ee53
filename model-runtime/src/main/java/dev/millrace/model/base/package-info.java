/** The port to a frozen base model: log-probabilities, gradients, generation, embeddings. */
@NullMarked
package dev.millrace.model.base;

import org.jspecify.annotations.NullMarked;
