/** The base model as a TorchScript program generated in memory, run through DJL. */
@NullMarked
package dev.millrace.model.djl;

import org.jspecify.annotations.NullMarked;
