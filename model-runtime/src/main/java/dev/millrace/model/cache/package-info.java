/**
 * Answers kept by release: in process first, then a remote store; and those to similar questions.
 */
@NullMarked
package dev.millrace.model.cache;

import org.jspecify.annotations.NullMarked;
