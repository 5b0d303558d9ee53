/** Open corpora read from Maven artifacts on the classpath. */
@NullMarked
package dev.millrace.job.corpus;

import org.jspecify.annotations.NullMarked;
