/** The command line. */
@NullMarked
package dev.millrace.job.cli;

import org.jspecify.annotations.NullMarked;
