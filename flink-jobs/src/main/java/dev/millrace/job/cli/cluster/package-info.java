/** The commands on the cluster of this machine, and on what is submitted to one. */
@NullMarked
package dev.millrace.job.cli.cluster;

import org.jspecify.annotations.NullMarked;
