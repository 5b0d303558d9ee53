package dev.millrace.job.corpus;

import java.nio.charset.StandardCharsets;

/**
 * A text of a corpus, or a piece of one.
 *
 * @param id unique within the domain; a piece adds {@code #n} to the title
 * @param title the file, debate or entry group it was cut from; held-out splits go by title
 */
public record Document(String id, String domain, String title, String text) {

  public static Document whole(String domain, String title, String text) {
    return new Document(title, domain, title, text);
  }

  public int bytes() {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
