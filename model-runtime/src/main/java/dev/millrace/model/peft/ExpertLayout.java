package dev.millrace.model.peft;

/** How a PEFT folder keeps what is added to routed experts. */
public enum ExpertLayout {
  /** One pair a layer and stacked parameter, as for transformers 5: {@code target_parameters}. */
  PARAMETERS,
  /** One pair an expert and module, as for transformers 4: {@code target_modules}. */
  MODULES
}
