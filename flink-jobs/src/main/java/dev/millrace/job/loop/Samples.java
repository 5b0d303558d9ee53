package dev.millrace.job.loop;

import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;

/** Makes samples that are not sent yet. */
final class Samples {

  private Samples() {}

  static Sample of(String id, String document, String domain, String text) {
    return new Sample(
        id,
        "millrace",
        document,
        null,
        domain,
        Modality.TEXT,
        text,
        new byte[0],
        null,
        0,
        Origin.UNWRITTEN);
  }
}
