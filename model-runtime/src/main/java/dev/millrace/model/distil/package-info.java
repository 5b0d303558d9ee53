/**
 * A teacher to a student with far fewer parameters: its shape, what it learns, how it is judged.
 */
@NullMarked
package dev.millrace.model.distil;

import org.jspecify.annotations.NullMarked;
