/** A broker, a Redis and a Flink cluster, in this process or on this machine. */
@NullMarked
package dev.millrace.job.embedded;

import org.jspecify.annotations.NullMarked;
