/** A batch and an adapter state to a candidate. */
@NullMarked
package dev.millrace.adapter.train;

import org.jspecify.annotations.NullMarked;
