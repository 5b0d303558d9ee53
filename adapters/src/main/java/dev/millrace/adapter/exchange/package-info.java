/** How trainers of one adapter exchange what they learned, in few bytes. */
@NullMarked
package dev.millrace.adapter.exchange;

import org.jspecify.annotations.NullMarked;
