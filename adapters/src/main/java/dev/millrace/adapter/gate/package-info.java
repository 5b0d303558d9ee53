/** The one place that says no: rules over a quantized candidate. */
@NullMarked
package dev.millrace.adapter.gate;

import org.jspecify.annotations.NullMarked;
