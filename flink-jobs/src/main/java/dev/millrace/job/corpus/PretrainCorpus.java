package dev.millrace.job.corpus;

import dev.millrace.model.score.HeldOut;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;

/**
 * What a base is pre-trained on: a share of each domain, in one shuffled order that follows from
 * the seed. Held-out documents are in no share.
 */
public final class PretrainCorpus {

  /**
   * Documents of a domain whose title begins as said, or does not, up to a number of bytes.
   *
   * @param repeats how often each document comes in one pass
   */
  public record Share(String domain, Predicate<String> titles, long maxBytes, int repeats) {

    static Share all(String domain) {
      return new Share(domain, title -> true, Long.MAX_VALUE, 1);
    }

    Share upTo(long bytes) {
      return new Share(domain, titles, bytes, repeats);
    }
  }

  /**
   * The mix of the base that ships: code, English debates, and a little of twenty other languages.
   */
  public static final List<Share> NANO =
      List.of(
          Share.all("java").upTo(20_000_000),
          Share.all("python"),
          new Share("parliament", title -> title.startsWith("en/"), Long.MAX_VALUE, 2),
          new Share("parliament", title -> !title.startsWith("en/"), 6_000_000, 1));

  private PretrainCorpus() {}

  /** Documents to train on, shuffled. */
  public static List<Document> train(List<Share> shares, HeldOut heldOut, long seed) {
    List<Document> mix = new ArrayList<>();
    for (Share share : shares) {
      List<Document> documents =
          new ArrayList<>(documents(share, title -> !isHeldOut(heldOut, share.domain(), title)));
      Collections.shuffle(documents, new Random(seed));
      List<Document> capped = capped(documents, share.maxBytes());
      for (int i = 0; i < share.repeats(); i++) {
        mix.addAll(capped);
      }
    }
    Collections.shuffle(mix, new Random(seed + 1));
    return mix;
  }

  /** Documents never to train on, by domain and title. */
  public static List<Document> heldOut(List<Share> shares, HeldOut heldOut) {
    return shares.stream()
        .flatMap(
            share -> documents(share, title -> isHeldOut(heldOut, share.domain(), title)).stream())
        .toList();
  }

  private static boolean isHeldOut(HeldOut heldOut, String domain, String title) {
    return heldOut.contains(null, domain, title);
  }

  private static List<Document> documents(Share share, Predicate<String> wanted) {
    return Corpora.load(share.domain()).stream()
        .filter(document -> share.titles().and(wanted).test(document.title()))
        .toList();
  }

  private static List<Document> capped(List<Document> documents, long maxBytes) {
    long bytes = 0;
    int count = 0;
    while (count < documents.size() && bytes < maxBytes) {
      bytes += documents.get(count++).bytes();
    }
    return documents.subList(0, count);
  }
}
