package dev.millrace.schema;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One event that may teach the model.
 *
 * @param id the producer's name for it
 * @param source who sent it
 * @param document the file, thread or title it was cut from; held-out splits go by document.
 *     Without one it is a document of its own
 * @param tenant whose it is; null means shared
 * @param domain the domain it belongs to; null means not labelled
 * @param text the payload of TEXT and CODE, else empty
 * @param media the payload of IMAGE and AUDIO, else empty
 * @param caption what the media shows or says
 * @param eventTimeMillis when it happened, epoch milliseconds
 * @param origin where it was read
 */
public record Sample(
    String id,
    String source,
    String document,
    @Nullable String tenant,
    @Nullable String domain,
    Modality modality,
    String text,
    byte[] media,
    @Nullable String caption,
    long eventTimeMillis,
    Origin origin) {

  public Sample {
    document = document.isEmpty() ? id : document;
  }

  /** A shared text. */
  public static Sample ofText(
      String id,
      String source,
      String document,
      @Nullable String domain,
      String text,
      long eventTimeMillis,
      Origin origin) {
    return new Sample(
        id,
        source,
        document,
        null,
        domain,
        Modality.TEXT,
        text,
        new byte[0],
        null,
        eventTimeMillis,
        origin);
  }

  /** Whether it is a picture or a sound. */
  public boolean isMedia() {
    return modality.isMedia();
  }

  /** What teaches a language model: the text, or what media are called; empty where nothing is. */
  public String teaches() {
    return isMedia() ? Objects.requireNonNullElse(caption, "") : text;
  }

  /** The same, of a tenant; null shares it. */
  public Sample withTenant(@Nullable String owner) {
    return with(owner, domain, media, eventTimeMillis, origin);
  }

  /** The same, of a domain. */
  public Sample withDomain(String known) {
    return with(tenant, known, media, eventTimeMillis, origin);
  }

  /** The same, at another time. */
  public Sample withEventTime(long epochMillis) {
    return with(tenant, domain, media, epochMillis, origin);
  }

  /** The same, read elsewhere. */
  public Sample withOrigin(Origin place) {
    return with(tenant, domain, media, eventTimeMillis, place);
  }

  /** The same without its media, which stay where it was read. */
  public Sample withoutMedia() {
    return media.length == 0 ? this : with(tenant, domain, new byte[0], eventTimeMillis, origin);
  }

  private Sample with(
      @Nullable String owner,
      @Nullable String known,
      byte[] payload,
      long epochMillis,
      Origin place) {
    return new Sample(
        id, source, document, owner, known, modality, text, payload, caption, epochMillis, place);
  }
}
