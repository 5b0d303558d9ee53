package dev.millrace.model.serve;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKeys;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.text.Tokenizer;
import java.time.InstantSource;
import java.util.List;

/**
 * What a responder works with.
 *
 * @param carriers the bases that answer
 * @param media reads the pictures and sounds of requests
 */
public record ServingParts(
    Carriers carriers,
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
    this(
        Carriers.of(new Carrier(base, tokenizer), List.of()),
        releases,
        cache,
        keys,
        clock,
        new MediaReader(null));
  }
}
