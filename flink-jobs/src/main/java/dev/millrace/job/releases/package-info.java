/**
 * What a store and its topics tell of releases: which answers, what it came of, who knows of a
 * sample.
 */
@NullMarked
package dev.millrace.job.releases;

import org.jspecify.annotations.NullMarked;
