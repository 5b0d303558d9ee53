/**
 * Thin operators: those that gather. What all operators share is here too, and what savepoints
 * name: {@link SharedSerializer} and {@link KeyedRequest}.
 */
@NullMarked
package dev.millrace.job.operator;

import org.jspecify.annotations.NullMarked;
