/** The kinds of adapters that there are, and what is alike in all: their folders and kept bytes. */
@NullMarked
package dev.millrace.model.kinds;

import org.jspecify.annotations.NullMarked;
