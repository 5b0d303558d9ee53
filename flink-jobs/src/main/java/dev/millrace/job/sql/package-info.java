/** The model as a table function of Flink SQL: {@code CREATE MODEL} and {@code ML_PREDICT}. */
@NullMarked
package dev.millrace.job.sql;

import org.jspecify.annotations.NullMarked;
