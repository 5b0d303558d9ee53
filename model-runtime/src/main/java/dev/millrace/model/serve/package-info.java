/** Requests to answers. */
@NullMarked
package dev.millrace.model.serve;

import org.jspecify.annotations.NullMarked;
