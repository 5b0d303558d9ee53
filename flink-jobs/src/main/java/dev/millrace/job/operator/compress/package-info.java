/** Makes a student of what a stream has taught, in a source of one verdict. */
@NullMarked
package dev.millrace.job.operator.compress;

import org.jspecify.annotations.NullMarked;
