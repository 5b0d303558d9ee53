/** One run of the whole loop in this process: stream in, learn, answer under load, measure. */
@NullMarked
package dev.millrace.job.loop;

import org.jspecify.annotations.NullMarked;
