package dev.millrace.model.config;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** How one model family's config.json is read and written. */
interface ConfigFamily {
  /** Its {@code model_type}. */
  String modelType();

  /** Reads the fields; an option that changes the mathematics and is not supported is an error. */
  MoeConfig read(JsonFields json);

  /** Writes the fields that {@link #read} reads, and those that HuggingFace wants. */
  void write(MoeConfig config, ObjectNode json);
}
