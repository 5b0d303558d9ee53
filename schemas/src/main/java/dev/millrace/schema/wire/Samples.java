package dev.millrace.schema.wire;

import dev.millrace.schema.Sample;
import org.jspecify.annotations.Nullable;

/** What a sample must satisfy before it may teach. */
final class Samples {

  private Samples() {}

  /** The same sample, if it is valid. */
  static Sample valid(Sample sample) throws InvalidRecordException {
    Problem problem =
        Problem.first(
            Checks.id(sample.id()),
            Checks.length("source", sample.source(), Limits.ID_BYTES),
            Checks.length("document", sample.document(), Limits.ID_BYTES),
            Checks.name("tenant", sample.tenant()),
            domain(sample.domain()),
            payload(sample),
            caption(sample.caption()),
            Checks.time("eventTimeMillis", sample.eventTimeMillis()));
    if (problem != null) {
      throw new InvalidRecordException(problem, sample.id(), sample.domain());
    }
    return sample;
  }

  private static @Nullable Problem domain(@Nullable String domain) {
    if (domain == null || Names.isDomain(domain)) {
      return null;
    }
    String expected = ", expected none, or " + Names.EXPECTED_DOMAIN;
    return new Problem("bad-domain", "domain is " + Checks.quote(domain) + expected);
  }

  private static @Nullable Problem payload(Sample sample) {
    return switch (sample.modality()) {
      case TEXT, CODE -> textOnly(sample);
      case IMAGE, AUDIO -> mediaOnly(sample);
    };
  }

  private static @Nullable Problem textOnly(Sample sample) {
    int media = sample.media().length;
    if (media > 0) {
      return badModality(sample, "media of " + media + " bytes", "text alone");
    }
    if (sample.text().isBlank()) {
      String detail = "text is " + Checks.quote(sample.text()) + ", expected more than white space";
      return new Problem("empty-text", detail);
    }
    return Checks.length("text", sample.text(), Limits.TEXT_BYTES);
  }

  private static @Nullable Problem mediaOnly(Sample sample) {
    int media = sample.media().length;
    if (!sample.text().isEmpty()) {
      return badModality(sample, "text " + Checks.quote(sample.text()), "media and a caption");
    }
    if (media == 0) {
      return badModality(sample, "no media", "its bytes");
    }
    if (media > Limits.MEDIA_BYTES) {
      String detail = "media has " + media + " bytes, expected at most " + Limits.MEDIA_BYTES;
      return new Problem("too-long", detail);
    }
    return null;
  }

  private static Problem badModality(Sample sample, String found, String expected) {
    String detail = sample.modality() + " sample has " + found + ", expected " + expected;
    return new Problem("bad-modality", detail);
  }

  private static @Nullable Problem caption(@Nullable String caption) {
    return caption == null ? null : Checks.length("caption", caption, Limits.CAPTION_BYTES);
  }
}
