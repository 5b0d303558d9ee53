/** What a task manager does once when it starts, so that no task waits for it later. */
@NullMarked
package dev.millrace.job.warmup;

import org.jspecify.annotations.NullMarked;
