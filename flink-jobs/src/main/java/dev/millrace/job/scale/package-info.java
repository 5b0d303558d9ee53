/** More task managers under load, fewer after it. */
@NullMarked
package dev.millrace.job.scale;

import org.jspecify.annotations.NullMarked;
