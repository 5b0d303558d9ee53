/** A base: how fast it goes on, loads and routes, and what a smaller one keeps. */
@NullMarked
package dev.millrace.job.bench.model;

import org.jspecify.annotations.NullMarked;
