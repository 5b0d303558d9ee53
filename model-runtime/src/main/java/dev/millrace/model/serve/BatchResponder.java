package dev.millrace.model.serve;

import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKey;
import dev.millrace.model.cache.CachedAnswer;
import dev.millrace.model.swap.Lease;
import dev.millrace.model.swap.LiveRelease;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Lease, look up, compute what is missing once, answer. */
final class BatchResponder implements Responder {

  private final ServingParts parts;
  private final RequestRules rules;
  private final ModelCalls calls;
  private final UnknownDomain unknown;
  private final AnswerWriter writer;

  BatchResponder(ServingParts parts, ServeLimits limits, UnknownDomain unknown, int subtask) {
    this.parts = parts;
    this.rules =
        new RequestRules(
            Math.min(limits.contextTokens(), parts.base().config().maxPositionEmbeddings()));
    this.calls = new ModelCalls(parts.base(), parts.tokenizer(), limits.callTokens());
    this.unknown = unknown;
    this.writer = new AnswerWriter(parts.base().id(), subtask, parts.clock());
  }

  @Override
  public List<Answer> respond(List<Request> requests) {
    List<Work> works = new ArrayList<>(requests.size());
    try {
      requests.forEach(request -> works.add(begin(request)));
      answer(works.stream().filter(work -> !work.isDone()).toList());
      return works.stream().map(writer::write).toList();
    } finally {
      works.forEach(Work::close);
    }
  }

  /** Validates, leases a release and looks the answer up. */
  private Work begin(Request request) {
    String problem = rules.problem(request);
    if (problem != null) {
      return refused(request, problem);
    }
    Work work;
    try {
      work = new Work(request, lease(request));
    } catch (IOException e) {
      return refused(request, String.valueOf(e.getMessage()));
    }
    problem = aliasProblem(request, work.lease().release());
    if (problem != null) {
      work.fail(problem);
    } else {
      lookUp(work);
    }
    return work;
  }

  private Work refused(Request request, String problem) {
    Work work = new Work(request, parts.releases().acquire(null, null));
    work.fail(problem);
    return work;
  }

  private Lease lease(Request request) throws IOException {
    if (request.task() == Request.Task.EMBED) {
      return parts.releases().acquire(request.tenant(), null);
    }
    if (request.isAssigned()) {
      return parts.releases().assign(request.tenant(), parts.tokenizer().encode(request.prompt()));
    }
    return request.release() == null
        ? parts.releases().acquire(request.tenant(), request.domain())
        : parts.releases().acquirePinned(request.tenant(), request.release());
  }

  private @Nullable String aliasProblem(Request request, @Nullable LiveRelease release) {
    if (request.domain() == null || request.isAssigned() || request.task() == Request.Task.EMBED) {
      return null;
    }
    if (release == null) {
      return unknown == UnknownDomain.REFUSE
          ? "unknown-domain: " + request.domain() + " has no release that this tenant may see"
          : null;
    }
    return release.domain().equals(request.domain())
        ? null
        : "unknown-release: " + release.release() + " of domain " + request.domain();
  }

  private void lookUp(Work work) {
    if (!work.request().cached()) {
      return;
    }
    LiveRelease release = work.lease().release();
    CacheKey key =
        parts.keys().key(work.request(), release == null ? parts.base().id() : release.release());
    work.key(key);
    AnswerCache.Hit hit = parts.cache().get(key);
    if (hit != null) {
      work.found(hit);
    }
  }

  /** Runs the model once for all works of one key. */
  private void answer(List<Work> missing) {
    Map<CacheKey, Work> leaders = new HashMap<>();
    List<Work> leading = new ArrayList<>();
    List<Work> following = new ArrayList<>();
    for (Work work : missing) {
      CacheKey key = work.key();
      boolean leads = key == null || leaders.putIfAbsent(key, work) == null;
      (leads ? leading : following).add(work);
    }
    leading.forEach(this::tokenize);
    calls.compute(leading.stream().filter(work -> !work.isDone()).toList());
    leading.forEach(this::keep);
    following.forEach(work -> work.endLike(Objects.requireNonNull(leaders.get(work.key()))));
  }

  private void tokenize(Work work) {
    work.tokens(parts.tokenizer().encode(work.request().prompt()));
    String problem = rules.problem(work.request(), work.tokens().length);
    if (problem != null) {
      work.fail(problem);
    }
  }

  private void keep(Work work) {
    CacheKey key = work.key();
    CachedAnswer result = work.result();
    if (key != null && result != null) {
      parts.cache().put(key, result);
    }
  }
}
