/** The audit of a run and its report. */
@NullMarked
package dev.millrace.job.report;

import org.jspecify.annotations.NullMarked;
