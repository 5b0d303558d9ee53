package dev.millrace.job.loop;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;

/** Makes samples that are not sent yet. */
final class Samples {

  private Samples() {}

  static Sample of(String id, String document, String domain, String text) {
    return Sample.ofText(id, "millrace", document, domain, text, 0, Origin.UNWRITTEN);
  }
}
