/** One layer's experts split over task managers, between which tokens travel in two levels. */
@NullMarked
package dev.millrace.job.experts;

import org.jspecify.annotations.NullMarked;
