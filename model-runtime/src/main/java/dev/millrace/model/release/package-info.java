/** What a release is: its canonical manifest, and the reader that verifies before it parses. */
@NullMarked
package dev.millrace.model.release;

import org.jspecify.annotations.NullMarked;
