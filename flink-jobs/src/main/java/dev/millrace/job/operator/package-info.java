/**
 * What all operators share, and what savepoints name, which stays here: {@link SharedSerializer}
 * and {@link KeyedRequest}.
 */
@NullMarked
package dev.millrace.job.operator;

import org.jspecify.annotations.NullMarked;
