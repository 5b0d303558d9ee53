/** A candidate to the numbers that will be served. */
@NullMarked
package dev.millrace.adapter.quantize;

import org.jspecify.annotations.NullMarked;
