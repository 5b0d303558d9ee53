/** Typed configuration, read once; all problems are reported together. */
@NullMarked
package dev.millrace.job.config;

import org.jspecify.annotations.NullMarked;
