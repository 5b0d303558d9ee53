/** A base made from scratch: byte-level BPE, data order, the pre-training loop. */
@NullMarked
package dev.millrace.model.pretrain;

import org.jspecify.annotations.NullMarked;
