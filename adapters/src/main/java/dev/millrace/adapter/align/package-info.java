/** What a domain's pictures, sounds and captions teach the space in which they meet. */
@NullMarked
package dev.millrace.adapter.align;

import org.jspecify.annotations.NullMarked;
