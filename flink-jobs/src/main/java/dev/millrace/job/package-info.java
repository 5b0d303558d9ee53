/** The learn job, the serve job, and the one that compresses. */
@NullMarked
package dev.millrace.job;

import org.jspecify.annotations.NullMarked;
