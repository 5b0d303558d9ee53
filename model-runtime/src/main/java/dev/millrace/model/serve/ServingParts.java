package dev.millrace.model.serve;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKeys;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.text.Tokenizer;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * What a responder works with.
 *
 * @param base answers where there is no release
 * @param older bases whose releases serve until others have taken their places
 * @param media reads the pictures and sounds of requests
 */
public record ServingParts(
    BaseModel base,
    Tokenizer tokenizer,
    List<Carrier> older,
    LiveReleases releases,
    AnswerCache cache,
    CacheKeys keys,
    InstantSource clock,
    MediaReader media) {

  /** Parts with one base, which reads text alone. */
  public ServingParts(
      BaseModel base,
      Tokenizer tokenizer,
      LiveReleases releases,
      AnswerCache cache,
      CacheKeys keys,
      InstantSource clock) {
    this(base, tokenizer, List.of(), releases, cache, keys, clock, MediaReader.of(null));
  }

  /** All bases, that which answers where there is no release first. */
  List<Carrier> carriers() {
    List<Carrier> all = new ArrayList<>(List.of(new Carrier(base, tokenizer)));
    all.addAll(older);
    return all;
  }
}
