package dev.millrace.model.swap;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.millrace.model.base.BaseModel;
import dev.millrace.schema.ReleaseEvent;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The releases that answer now. Safe for use by several threads. */
public interface LiveReleases extends AutoCloseable {

  /**
   * Fetches, verifies, loads and warms what an event names, off the caller's thread, then replaces
   * one reference. Events apply in the order of the calls; the future never fails. What people
   * ordered, and the first release of a domain, is followed even where it cannot be read now, and
   * is then refused to whoever asks until it can be.
   *
   * @param readMillis when the event was read, epoch milliseconds
   */
  CompletableFuture<SwapResult> apply(ReleaseEvent event, long readMillis);

  /**
   * The first half of {@link #apply}: all but the switch. No other event of the alias may come
   * between the halves; the future never fails.
   *
   * @param readMillis when the event was read, epoch milliseconds
   */
  CompletableFuture<Staged> stage(ReleaseEvent event, long readMillis);

  /**
   * Makes current what an event made current before this process began, without loading it: the
   * first request does. What is on trial is loaded; where it cannot be, the release before it
   * answers all until it can be.
   *
   * @param readMillis when the event was read, epoch milliseconds
   */
  CompletableFuture<SwapResult> restore(ReleaseEvent event, long readMillis);

  /**
   * The domain's current release: the tenant's own before the shared one, the base where there is
   * neither. Done at once if it is in memory; else another thread fetches it, and what it fails
   * with is a {@link ReleaseRefusedException}. Whoever waits gets what answers once it is there.
   *
   * @param domain null means the base alone
   * @param caller decides whether a release on trial answers
   */
  CompletableFuture<Lease> acquire(@Nullable String tenant, @Nullable String domain, long caller);

  /** The same for nobody in particular. */
  default CompletableFuture<Lease> acquire(@Nullable String tenant, @Nullable String domain) {
    return acquire(tenant, domain, Caller.NOBODY);
  }

  /** The same if it is in memory; null if it is not, and nobody fetches it. */
  @Nullable Lease peek(@Nullable String tenant, @Nullable String domain, long caller);

  /** The base alone. */
  Lease base();

  /**
   * The current release of the domain that a text belongs to by its content, among those that the
   * tenant may see; the base where it belongs to none. A release that cannot be read is no choice.
   *
   * @param text token ids
   * @param caller decides whether a release on trial answers
   */
  CompletableFuture<Lease> assign(@Nullable String tenant, int[] text, long caller);

  /**
   * A release by its id, loaded again if need be. It fails with a {@link ReleaseRefusedException}
   * if the tenant may not see such a release, or it cannot be fetched any more.
   */
  CompletableFuture<Lease> acquirePinned(@Nullable String tenant, String release);

  /**
   * The domain's current alignment: the tenant's own before the shared one, the encoders of the
   * base as they ship where there is neither. It fails with a {@link ReleaseRefusedException} if
   * what was current before this process began cannot be fetched any more.
   */
  default CompletableFuture<Lease> aligned(@Nullable String tenant, @Nullable String domain) {
    return CompletableFuture.completedFuture(base());
  }

  /** The same releases, which follow alignments too. */
  default LiveReleases aligning(AlignmentSource source) {
    return AligningReleases.of(this, source);
  }

  /** The same where there are no encoders: alignments are followed for when there are some. */
  default LiveReleases aligningLater() {
    return AligningReleases.withoutEncoders(this);
  }

  /** The same releases, under bases that are released too. */
  default LiveReleases rebasing(BaseSource source) {
    return new RebasingReleases(this, source);
  }

  /** What is in memory, and how often what was asked for was not. */
  HotCounts counts();

  /**
   * What is followed and could not be read when somebody asked for it, though nothing had said so
   * before: each once, as {@link SwapResult#reason} has it. Nobody is told twice.
   */
  default List<SwapResult> lost() {
    return List.of();
  }

  /**
   * Waits for what is being loaded, then frees every release that no lease holds. Events whose turn
   * has not come are passed over. Whoever waits for a release, or asks for what answers, is
   * refused.
   */
  @Override
  void close();

  /** Releases of a base that the caller owns, and closes later than them. */
  static LiveReleases of(BaseModel base, ReleaseSource source, SwapConfig config) {
    return of(List.of(base), source, config);
  }

  /**
   * Releases of several bases that the caller owns, and closes later than them.
   *
   * @param bases the first answers where there is no release
   */
  static LiveReleases of(List<BaseModel> bases, ReleaseSource source, SwapConfig config) {
    return new AtomicLiveReleases(List.copyOf(bases), source, config, Ticker.systemTicker());
  }
}
