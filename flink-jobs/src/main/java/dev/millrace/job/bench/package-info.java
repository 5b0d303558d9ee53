/** The benchmarks: each rival in the same run, taking turns. */
@NullMarked
package dev.millrace.job.bench;

import org.jspecify.annotations.NullMarked;
