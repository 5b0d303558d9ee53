/** Answers: from which release, how soon, and what else they cost. */
@NullMarked
package dev.millrace.job.bench.serve;

import org.jspecify.annotations.NullMarked;
