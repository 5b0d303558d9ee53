/** Bytes to records and back; every strict check of input happens here. */
@NullMarked
package dev.millrace.schema.wire;

import org.jspecify.annotations.NullMarked;
