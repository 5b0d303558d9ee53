/** Checkpoints as GGUF files, for users of llama.cpp. */
@NullMarked
package dev.millrace.model.gguf;

import org.jspecify.annotations.NullMarked;
