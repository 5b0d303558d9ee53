/** The tokenizer over tokenizer.json. */
@NullMarked
package dev.millrace.model.text;

import org.jspecify.annotations.NullMarked;
