/** Training an adapter: what a step costs, and trainers that exchange. */
@NullMarked
package dev.millrace.job.bench.train;

import org.jspecify.annotations.NullMarked;
