/** A HuggingFace config.json, read by one reader a model family. */
@NullMarked
package dev.millrace.model.config;

import org.jspecify.annotations.NullMarked;
