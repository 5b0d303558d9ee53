/** One space for text, code, pictures and sounds: what enters the encoders, and their files. */
@NullMarked
package dev.millrace.model.align;

import org.jspecify.annotations.NullMarked;
