/** Pictures and sounds of strangers: bounded bytes to small arrays of fixed size. */
@NullMarked
package dev.millrace.model.media;

import org.jspecify.annotations.NullMarked;
