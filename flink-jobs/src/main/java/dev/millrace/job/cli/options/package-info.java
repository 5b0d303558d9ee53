/** Options that commands share, and how all of them speak. */
@NullMarked
package dev.millrace.job.cli.options;

import org.jspecify.annotations.NullMarked;
