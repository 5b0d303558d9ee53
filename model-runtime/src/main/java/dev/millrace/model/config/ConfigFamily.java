package dev.millrace.model.config;

/** How one model family's config.json is read. */
interface ConfigFamily {
  /** Its {@code model_type}. */
  String modelType();

  /** Reads the fields; an option that changes the mathematics and is not supported is an error. */
  MoeConfig read(JsonFields json);
}
