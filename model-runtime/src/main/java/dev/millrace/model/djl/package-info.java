/** The base model as a TorchScript program, loaded, filled and run through DJL. */
@NullMarked
package dev.millrace.model.djl;

import org.jspecify.annotations.NullMarked;
