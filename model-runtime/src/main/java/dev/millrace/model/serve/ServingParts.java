package dev.millrace.model.serve;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKeys;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.text.Tokenizer;
import java.time.InstantSource;

/** What a responder works with. */
public record ServingParts(
    BaseModel base,
    Tokenizer tokenizer,
    LiveReleases releases,
    AnswerCache cache,
    CacheKeys keys,
    InstantSource clock) {}
