/** The learner: a batch goes in, an outcome comes out. */
@NullMarked
package dev.millrace.adapter;

import org.jspecify.annotations.NullMarked;
