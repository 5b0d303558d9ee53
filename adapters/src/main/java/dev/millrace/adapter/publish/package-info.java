/** The write side of the release store. */
@NullMarked
package dev.millrace.adapter.publish;

import org.jspecify.annotations.NullMarked;
