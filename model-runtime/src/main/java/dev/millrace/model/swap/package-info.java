/** The live releases: fetch, verify, warm, then replace one reference. */
@NullMarked
package dev.millrace.model.swap;

import org.jspecify.annotations.NullMarked;
