/**
 * What is made from scratch: a base (byte-level BPE, data order, the loop), and the encoders and
 * prefixes beside one.
 */
@NullMarked
package dev.millrace.model.pretrain;

import org.jspecify.annotations.NullMarked;
