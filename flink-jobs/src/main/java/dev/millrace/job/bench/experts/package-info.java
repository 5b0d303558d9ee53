/** One layer's experts split over task managers, between which tokens travel in two levels. */
@NullMarked
package dev.millrace.job.bench.experts;

import org.jspecify.annotations.NullMarked;
