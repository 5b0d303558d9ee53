/** The rival: a byte 6-gram with Witten-Bell smoothing. */
@NullMarked
package dev.millrace.model.ngram;

import org.jspecify.annotations.NullMarked;
