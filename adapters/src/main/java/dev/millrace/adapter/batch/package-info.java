/** When a batch closes, and what is replayed beside it. */
@NullMarked
package dev.millrace.adapter.batch;

import org.jspecify.annotations.NullMarked;
