/** What the gate refuses, and a backdoor in the stream. */
@NullMarked
package dev.millrace.job.bench.gate;

import org.jspecify.annotations.NullMarked;
