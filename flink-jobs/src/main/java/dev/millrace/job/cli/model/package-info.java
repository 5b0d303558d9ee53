/** The commands on checkpoints, {@code millrace model …}. */
@NullMarked
package dev.millrace.job.cli.model;

import org.jspecify.annotations.NullMarked;
