/** Adapters as plain arrays, and as PEFT folders. */
@NullMarked
package dev.millrace.model.peft;

import org.jspecify.annotations.NullMarked;
