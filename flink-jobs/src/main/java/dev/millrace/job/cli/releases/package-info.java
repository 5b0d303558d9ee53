/** The commands on what was published, {@code millrace releases …} and {@code verdicts}. */
@NullMarked
package dev.millrace.job.cli.releases;

import org.jspecify.annotations.NullMarked;
