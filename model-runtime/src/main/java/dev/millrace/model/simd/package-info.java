/** A small base's next tokens without libtorch, whose calls cost such a base more than its sums. */
@NullMarked
package dev.millrace.model.simd;

import org.jspecify.annotations.NullMarked;
