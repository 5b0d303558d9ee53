/**
 * The learner: a batch goes in, an outcome comes out; and how a release is adopted, trained again
 * or brought to another base.
 */
@NullMarked
package dev.millrace.adapter;

import org.jspecify.annotations.NullMarked;
