/** Answers kept by release: in process first, then a remote store. */
@NullMarked
package dev.millrace.model.cache;

import org.jspecify.annotations.NullMarked;
