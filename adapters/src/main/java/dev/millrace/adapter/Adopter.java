package dev.millrace.adapter;

import dev.millrace.adapter.gate.Gate;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.gate.Judgement;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.Verdict;
import java.io.IOException;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Takes adapters that were made elsewhere through the gate. What passes is published with no sample
 * behind it, and its event is that of a rollback: learning goes on from it.
 */
public final class Adopter {

  /** In the manifest's hyperparameters: where the adapter came from. */
  static final String ADOPTED = "adopted";

  private final Surroundings surroundings;
  private final LearnerConfig config;
  private final Gate gate;

  public Adopter(Surroundings surroundings, LearnerConfig config) {
    this.surroundings = surroundings;
    this.config = config;
    gate = surroundings.gate(config);
  }

  /**
   * Whether an event takes its domain over to a release from elsewhere. One that names such a
   * release later takes it back there, as to any other.
   */
  static boolean adopts(ReleaseEvent event, Manifest manifest) {
    String origin = manifest.plan().hyperparameters().get(ADOPTED);
    return origin != null && event.reason().equals(reason(origin));
  }

  /** Whether a release was made elsewhere: nothing here can train it again. */
  public static boolean isAdopted(Manifest manifest) {
    return manifest.plan().hyperparameters().containsKey(ADOPTED);
  }

  /** Events that are on the topic already are known by it. */
  private static String reason(String origin) {
    return "adopted from " + origin;
  }

  /**
   * What a domain is at.
   *
   * @param release that answers; null if none of its own does
   * @param pinned whether people hold it there
   * @param shared what of the shared domain answers a tenant in its place; null if nothing does
   */
  public record Now(@Nullable Release release, boolean pinned, @Nullable Release shared) {

    /** What a candidate is judged beside; null is the base. */
    @Nullable Release answers() {
      return release == null ? shared : release;
    }
  }

  /** Tells what a domain is at, whenever it is asked. */
  @FunctionalInterface
  public interface Standing {
    Now now() throws IOException;
  }

  /**
   * Judges an adapter as a candidate of its domain.
   *
   * @param standing is asked before and again after: an order to go back would take the domain off
   *     a pin that came while it was judged
   * @param samples held out, to judge it by
   */
  public Adoption adopt(Proposal proposal, Standing standing, Supplier<List<ScoredSample>> samples)
      throws IOException {
    Now now = standing.now();
    RuleResult unpinned = gate.unpinned(now.pinned());
    if (!unpinned.passed()) {
      return new Adoption(verdict(proposal, now, null, List.of(unpinned)), null);
    }
    Served incumbent = incumbent(proposal, now.answers());
    Served served = new Served(Quantizer.quantize(proposal.adapter()), incumbent.routing());
    List<HeldOut> heldOut = gate.examine(samples.get(), incumbent);
    Training none = Training.none(AdapterState.fresh(served.adapter()));
    Judgement judgement =
        gate.judgeAdopted(
            new Gate.Candidate(served, incumbent, none, 1, List.of(), seed(proposal)), heldOut);
    if (!judgement.accepted()) {
      return new Adoption(verdict(proposal, now, null, judgement.rules()), null);
    }
    RuleResult still = gate.unpinned(standing.now().pinned());
    if (!still.passed()) {
      List<RuleResult> rules = Stream.concat(Stream.of(still), judgement.rules().stream()).toList();
      return new Adoption(verdict(proposal, now, null, rules), null);
    }
    return publish(proposal, now, served, judgement.rules());
  }

  private Served incumbent(Proposal proposal, @Nullable Release release) {
    if (release != null) {
      return new Served(release.adapter(), release.manifest().routing());
    }
    AdapterState nothing =
        Beginnings.adapter(config, surroundings.base(), proposal.tenant(), proposal.domain());
    return new Served(
        Quantizer.quantize(nothing.weights()),
        Routing.topK(surroundings.base().config().router().topK()));
  }

  private long seed(Proposal proposal) {
    return Beginnings.seed(config, proposal.tenant(), proposal.domain());
  }

  private Adoption publish(Proposal proposal, Now now, Served served, List<RuleResult> rules) {
    Draft draft = draft(proposal, now.release(), served, rules);
    String id = draft.manifest().id();
    String uri = surroundings.store().publish(draft);
    ReleaseEvent event = draft.manifest().event(Action.ROLLBACK, uri, reason(proposal.origin()));
    return new Adoption(verdict(proposal, now, id, rules), event);
  }

  private Draft draft(
      Proposal proposal, @Nullable Release before, Served served, List<RuleResult> rules) {
    SortedMap<String, byte[]> files = AdapterFolder.toFiles(served.adapter(), Drafter.NO_BASE_NAME);
    Profile profile = before == null ? Profile.empty() : before.profileOrEmpty();
    files.put(Profile.FILE, profile.toBytes());
    Manifest manifest =
        new Manifest(
            proposal.tenant(),
            proposal.domain(),
            surroundings.base().id(),
            ReleaseFile.of(files),
            Drafter.QUANTIZATION,
            served.routing(),
            null,
            batch(before),
            List.of(),
            List.of(),
            plan(proposal),
            rules,
            null);
    return new Draft(manifest, files);
  }

  /** Nothing was trained, so nothing but the origin and the seed of the bootstrap is to be said. */
  private TrainingPlan plan(Proposal proposal) {
    SortedMap<String, String> about = new TreeMap<>();
    about.put(ADOPTED, proposal.origin());
    return new TrainingPlan(
        seed(proposal),
        about,
        config.plan().microBatchTokens(surroundings.base()),
        surroundings.machine().threads(),
        surroundings.machine().engine(),
        surroundings.machine().cpuFeatures());
  }

  private static long batch(@Nullable Release before) {
    return before == null ? 0 : before.manifest().batch();
  }

  private static Verdict verdict(
      Proposal proposal, Now now, @Nullable String release, List<RuleResult> rules) {
    return new Verdict(
        proposal.tenant(),
        proposal.domain(),
        batch(now.release()),
        release,
        now.release() == null ? null : now.release().manifest().id(),
        release != null,
        rules,
        0,
        0,
        0,
        List.of());
  }
}
