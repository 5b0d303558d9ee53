/** Answers requests by the releases that arrive beside them. */
@NullMarked
package dev.millrace.job.operator.serve;

import org.jspecify.annotations.NullMarked;
