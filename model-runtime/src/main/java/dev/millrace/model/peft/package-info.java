/** LoRA adapters (arXiv 2106.09685), and the folders in which HuggingFace PEFT keeps them. */
@NullMarked
package dev.millrace.model.peft;

import org.jspecify.annotations.NullMarked;
