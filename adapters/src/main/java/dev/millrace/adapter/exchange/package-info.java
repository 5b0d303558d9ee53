/** How trainers of one adapter exchange gradients, in few bytes. */
@NullMarked
package dev.millrace.adapter.exchange;

import org.jspecify.annotations.NullMarked;
