/** Gives a domain to samples without one, and gathers what is scored into batches. */
@NullMarked
package dev.millrace.job.operator.gather;

import org.jspecify.annotations.NullMarked;
