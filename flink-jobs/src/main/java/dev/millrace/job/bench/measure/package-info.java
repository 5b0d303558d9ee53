/** How anything is compared: contestants take turns, and each figure has its interval. */
@NullMarked
package dev.millrace.job.bench.measure;

import org.jspecify.annotations.NullMarked;
