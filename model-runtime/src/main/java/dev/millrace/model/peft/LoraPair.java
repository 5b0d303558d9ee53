package dev.millrace.model.peft;

import dev.millrace.model.adapter.Site;

/**
 * The two factors at one site.
 *
 * @param a lora_A, (experts · rank, in), row-major
 * @param b lora_B, (experts · out, rank), row-major
 */
public record LoraPair(Site site, float[] a, float[] b) {

  /** Of each expert's factors. */
  public int rank() {
    return a.length / site.in() / site.experts();
  }
}
