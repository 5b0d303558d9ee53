/**
 * Scores samples and learns batches. Both obey orders and are fenced off by later trainers, for who
 * scores learns alignments.
 */
@NullMarked
package dev.millrace.job.operator.learn;

import org.jspecify.annotations.NullMarked;
