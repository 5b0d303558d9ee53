/** Thin operators: score, batch, learn, serve. */
@NullMarked
package dev.millrace.job.operator;

import org.jspecify.annotations.NullMarked;
