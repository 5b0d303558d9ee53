/** Which domain a text belongs to, by its content alone. */
@NullMarked
package dev.millrace.model.assign;

import org.jspecify.annotations.NullMarked;
