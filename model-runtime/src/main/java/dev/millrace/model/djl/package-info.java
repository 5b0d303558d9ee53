/**
 * The base model as a TorchScript program, loaded, filled and run through DJL; and what trains
 * whole models so: bases, students, encoders.
 */
@NullMarked
package dev.millrace.model.djl;

import org.jspecify.annotations.NullMarked;
