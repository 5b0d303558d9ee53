package dev.millrace.model.score;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.Sample;
import java.util.List;
import java.util.stream.Stream;

/** The stages, cheapest first. */
final class CascadeScorer implements Scorer {

  /** So many stages of texts, the last, have a look at what the model read. */
  static final int OF_MODEL = 2;

  /** Pictures and sounds are learned from where there are encoders for them. */
  private static final Stage NO_ENCODERS =
      (candidate, memory) ->
          Stage.Refusal.of(
              Reason.MODALITY_UNSUPPORTED,
              "modality %s, expected TEXT or CODE: no encoders for this base (base.align)",
              candidate.sample.modality());

  private final Readers readers;
  private final HeldOut heldOut;
  private final Guard guard;
  private final ReorderedCopy reordered;
  private final List<Stage> stages;
  private final List<Stage> mediaStages;

  private CascadeScorer(
      Readers readers,
      HeldOut heldOut,
      Guard guard,
      List<Stage> stages,
      List<Stage> mediaStages,
      ScorerConfig config) {
    this.readers = readers;
    this.heldOut = heldOut;
    this.guard = guard;
    this.reordered = new ReorderedCopy(config.reorderedSimilarity());
    this.stages = stages;
    this.mediaStages = mediaStages;
  }

  /** Of texts alone, by stages that were made elsewhere. */
  CascadeScorer(
      BaseModel base, HeldOut heldOut, Guard guard, List<Stage> stages, ScorerConfig config) {
    this(new Readers(base.id(), ""), heldOut, guard, stages, List.of(NO_ENCODERS), config);
  }

  /** Of texts alone. */
  static CascadeScorer of(
      BaseModel base, Tokenizer tokenizer, KnownTexts known, HeldOut heldOut, ScorerConfig config) {
    Guard guard = new Guard(config.guard());
    List<Stage> stages = stages(base, tokenizer, known, config, guard);
    return new CascadeScorer(base, heldOut, guard, stages, config);
  }

  /** Of texts, pictures and sounds. */
  static CascadeScorer of(
      BaseModel base,
      Tokenizer tokenizer,
      KnownTexts known,
      HeldOut heldOut,
      ScorerConfig config,
      Aligner aligner) {
    Guard guard = new Guard(config.guard());
    return new CascadeScorer(
        new Readers(base.id(), aligner.id()),
        heldOut,
        guard,
        stages(base, tokenizer, known, config, guard),
        mediaStages(base, tokenizer, known, config, guard, aligner),
        config);
  }

  static List<Stage> stages(
      BaseModel base, Tokenizer tokenizer, KnownTexts known, ScorerConfig config, Guard guard) {
    return Stream.<List<Stage>>of(
            List.of(
                guard, new Length(config.shape()), new ExactDuplicate(), new AcceptRate(config)),
            byItself(config),
            whatTeaches(tokenizer, config),
            besideOthers(config),
            List.of(new ModelEntropy(base, config.model()), new Quality(base, known, config)))
        .flatMap(List::stream)
        .toList();
  }

  private static List<Stage> mediaStages(
      BaseModel base,
      Tokenizer tokenizer,
      KnownTexts known,
      ScorerConfig config,
      Guard guard,
      Aligner aligner) {
    return Stream.<List<Stage>>of(
            List.of(guard, new Captioned(), new DuplicateMedia(), new AcceptRate(config)),
            byItself(config),
            whatTeaches(tokenizer, config),
            besideOthers(config),
            List.of(
                new Decoded(),
                new ModelEntropy(base, config.model()),
                new Aligned(aligner, config.align()),
                new Quality(base, known, config)))
        .flatMap(List::stream)
        .toList();
  }

  /** What is asked of texts and of captions, and once more of what they teach by. */
  private static List<Stage> byItself(ScorerConfig config) {
    return List.of(
        new NearDuplicate(config.nearSimilarity()),
        new EncodingDamage(config.shape().maxDamageShare()),
        new Repetition(config.shape().minDistinctShare()),
        new SymbolShare(config.shape().maxSymbolShare()));
  }

  /** What is asked of both by the lines and the words that their domain has shown. */
  private static List<Stage> besideOthers(ScorerConfig config) {
    return List.of(
        new Boilerplate(config.shape().maxBoilerplateShare()),
        new ReorderedCopy(config.reorderedSimilarity()),
        new Foreign(config.shape().maxUnknownShare()));
  }

  private static List<Stage> whatTeaches(Tokenizer tokenizer, ScorerConfig config) {
    SampleTokens tokens = new SampleTokens(tokenizer, config.model().trainTokens());
    return List.of(
        new Beginning(tokens, byItself(config)), new Contamination(config.nearSimilarity()));
  }

  @Override
  public String heldOut() {
    return heldOut.name();
  }

  @Override
  public Readers readers() {
    return readers;
  }

  @Override
  public Scored score(Sample sample, DomainMemory memory) {
    return score(sample, memory, AlignAdapter.NONE);
  }

  @Override
  public Scored score(Sample sample, DomainMemory memory, AlignAdapter alignment) {
    memory.countSeen();
    Candidate candidate = new Candidate(sample, isHeldOut(sample), alignment);
    List<Stage> way = sample.isMedia() ? mediaStages : stages;
    for (Stage stage : way) {
      Stage.Refusal refusal = stage.check(candidate, memory);
      if (refusal != null) {
        if (refusal.reason().isOfACopy() && !candidate.heldOut && candidate.signature.length > 0) {
          reordered.remember(candidate, memory);
        }
        guard.judged(sample, refusal.reason(), memory);
        return new Scored.Refused(rejection(candidate, refusal));
      }
    }
    guard.judged(sample, null, memory);
    memory.remember(candidate);
    return new Scored.Accepted(candidate.scored(), candidate.places);
  }

  private boolean isHeldOut(Sample sample) {
    String domain = sample.domain() == null ? "" : sample.domain();
    return heldOut.contains(sample.tenant(), domain, sample.document());
  }

  private static Rejection rejection(Candidate candidate, Stage.Refusal refusal) {
    Sample sample = candidate.sample;
    return new Rejection(
        sample.origin(),
        sample.id(),
        sample.domain(),
        refusal.reason().code(),
        refusal.detail(),
        candidate.quality);
  }
}
