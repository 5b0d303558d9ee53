/** Faults on purpose, and what must be true in spite of them. */
@NullMarked
package dev.millrace.job.chaos;

import org.jspecify.annotations.NullMarked;
