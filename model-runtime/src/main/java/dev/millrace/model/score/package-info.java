/** Sample to scored sample: entropy, diversity, duplicates, Q(x). */
@NullMarked
package dev.millrace.model.score;

import org.jspecify.annotations.NullMarked;
