/** Kafka, Redis and file systems. */
@NullMarked
package dev.millrace.job.io;

import org.jspecify.annotations.NullMarked;
