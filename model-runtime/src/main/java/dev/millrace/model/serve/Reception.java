package dev.millrace.model.serve;

import dev.millrace.model.align.Input;
import dev.millrace.model.cache.CacheKey;
import dev.millrace.model.cache.CachedAnswer;
import dev.millrace.model.swap.Lease;
import dev.millrace.model.swap.LiveRelease;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Media;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.ErrorLine;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Requests to works: checks what is asked and chooses the release that answers. */
final class Reception {

  private final ServingParts parts;
  private final RequestRules rules;

  Reception(ServingParts parts, ServeLimits limits) {
    this.parts = parts;
    int context = Math.min(limits.contextTokens(), limits.batchTokens());
    this.rules = new RequestRules(Math.min(context, parts.carriers().positions()));
  }

  /** A work without its release; one that cannot be answered is done. */
  Work receive(long ticket, Request request) {
    Work work = bare(ticket, request);
    String problem = rules.problem(request);
    if (problem != null) {
      work.fail(problem);
    }
    return work;
  }

  /** A work that no release answers. */
  Work bare(long ticket, Request request) {
    return new Work(ticket, request, parts.releases().base());
  }

  /** Gives a work its release, and its name in the cache; one that it cannot answer is done. */
  void hold(Work work, Lease lease) {
    work.hold(lease);
    String problem = aliasProblem(work.request(), lease.release());
    if (problem != null) {
      work.fail(problem);
    } else if (work.request().cached() && isNamed(work)) {
      work.key(key(work));
    }
  }

  /** Whether a request's picture or sound is to be {@link #decoded} before anything else. */
  boolean decodes(Request request) {
    Media media = request.media();
    return media != null && parts.media().decodes(media, request.task());
  }

  /** The picture or the sound of a work; any thread. */
  static Input decoded(Work work) {
    return MediaReader.decoded(Objects.requireNonNull(work.request().media()));
  }

  /** Shows media and cuts the prompt into tokens; a work that cannot be read is done. */
  void read(Work work) {
    try {
      readMediaAndPrompt(work);
    } catch (RuntimeException e) {
      work.fail(reason(e));
    }
  }

  static String reason(Throwable failure) {
    return failure instanceof MediaReader.UnreadableException
        ? String.valueOf(failure.getMessage())
        : "model-failed: " + ErrorLine.of(failure);
  }

  private void readMediaAndPrompt(Work work) {
    Media media = work.request().media();
    if (media != null && work.request().task() == Request.Task.EMBED) {
      place(work, media);
      return;
    }
    if (media != null) {
      work.prefix(parts.media().read(media, work.media(), work.lease().base().id()));
    }
    Tokenizer tokenizer = carrier(work).tokenizer();
    String prompt = work.request().prompt();
    boolean behind = work.prefix().length() > 0;
    work.tokens(behind ? tokenizer.encodeBehind(prompt) : tokenizer.encode(prompt));
    String problem = rules.problem(work.request(), work.prefix().length(), work.tokens().length);
    if (problem != null) {
      work.fail(problem);
    }
    work.mayAdd(rules.mayAdd(work.request(), work.positions()));
  }

  private void place(Work work, Media media) {
    Carrier carrier = carrier(work);
    int[] words = MediaReader.tokens(media, carrier);
    float[] place =
        parts.media().place(media, work.media(), words, carrier, work.lease().alignment());
    work.tokens(words);
    work.computed(new CachedAnswer("", 0, 0, place));
  }

  private Carrier carrier(Work work) {
    return parts.carriers().of(work.lease().base().id());
  }

  /** The release that is to answer; another thread fetches it if it is not in memory. */
  CompletableFuture<Lease> lease(Request request, long caller) {
    if (request.task() == Request.Task.EMBED) {
      return request.media() == null
          ? parts.releases().acquire(request.tenant(), null, caller)
          : parts.releases().aligned(request.tenant(), request.domain());
    }
    if (request.isAssigned()) {
      int[] text = parts.carriers().first().tokenizer().encode(request.prompt());
      return parts.releases().assign(request.tenant(), text, caller);
    }
    return request.release() == null
        ? parts.releases().acquire(request.tenant(), request.domain(), caller)
        : parts.releases().acquirePinned(request.tenant(), request.release());
  }

  /** The same of a request that names a domain or none, if it is in memory; else null. */
  @Nullable Lease peek(Request request, long caller) {
    if (request.task() == Request.Task.EMBED) {
      return request.media() == null ? parts.releases().peek(request.tenant(), null, caller) : null;
    }
    return parts.releases().peek(request.tenant(), request.domain(), caller);
  }

  private @Nullable String aliasProblem(Request request, @Nullable LiveRelease release) {
    if (request.domain() == null || request.isAssigned() || request.task() == Request.Task.EMBED) {
      return null;
    }
    return release == null || release.domain().equals(request.domain())
        ? null
        : "unknown-release: " + release.release() + " of domain " + request.domain();
  }

  /** Whether all that makes the answer has a name: encoders have none where they make no prefix. */
  private boolean isNamed(Work work) {
    boolean places = work.request().task() == Request.Task.EMBED && work.request().media() != null;
    return !places || work.lease().release() != null || !parts.media().id().isEmpty();
  }

  private CacheKey key(Work work) {
    return parts.keys().key(work.request(), model(work));
  }

  /** What questions have in common that may share an answer. */
  CacheKey scope(Work work) {
    return parts.keys().scope(work.request(), model(work));
  }

  private String model(Work work) {
    LiveRelease release = work.lease().release();
    String model = release == null ? work.lease().base().id() : release.release();
    return work.request().media() == null ? model : model + " " + parts.media().id();
  }
}
