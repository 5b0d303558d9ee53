/** What is kept of domains that are learned one after the other. */
@NullMarked
package dev.millrace.job.bench.learn;

import org.jspecify.annotations.NullMarked;
