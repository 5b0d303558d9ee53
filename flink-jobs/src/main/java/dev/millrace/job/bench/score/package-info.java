/** What may teach: texts, captions, and what telling them apart costs. */
@NullMarked
package dev.millrace.job.bench.score;

import org.jspecify.annotations.NullMarked;
