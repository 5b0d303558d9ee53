/** What people watch: all topics, told as one picture every second. */
@NullMarked
package dev.millrace.job.console;

import org.jspecify.annotations.NullMarked;
