/** The learn job and the serve job. */
@NullMarked
package dev.millrace.job;

import org.jspecify.annotations.NullMarked;
