package dev.millrace.job;

import dev.millrace.adapter.gate.BaseGate;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.distil.Consolidation;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.release.Routing;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Releases a base that was made outside the jobs: judges it by what the one whose place it takes
 * knows and says, writes it into the store and its event to the topic.
 */
public final class BasePublisher {

  private final MillraceConfig config;
  private final Consumer<String> progress;
  private final Runnable wanted;

  /**
   * A publisher for the base, the store and the broker of a configuration.
   *
   * @param progress hears what takes a while
   */
  public BasePublisher(MillraceConfig config, Consumer<String> progress) {
    this(config, progress, () -> {});
  }

  /**
   * The same.
   *
   * @param wanted is run before each text, rule and file; what it throws ends the publication
   */
  BasePublisher(MillraceConfig config, Consumer<String> progress, Runnable wanted) {
    this.config = config;
    this.progress = progress;
    this.wanted = wanted;
  }

  /**
   * What became of a base.
   *
   * @param release its id; null if it was refused
   * @param parent the released base before it; null if that is the configured one
   * @param batch its number in the line of bases
   */
  public record Result(
      @Nullable String release, @Nullable String parent, long batch, List<RuleResult> rules) {}

  /**
   * By what share bits per byte may be higher on the new base.
   *
   * @param texts of protected texts, and of anchors
   * @param taught of a domain under the adapter that the base was taught, or that was brought to it
   */
  public record Bounds(double texts, double taught) {}

  /**
   * Judges a base, and publishes it if no rule is against it.
   *
   * @param heads tells the event that the line of bases follows; null if there was none
   * @throws IllegalStateException if somebody else moved the line meanwhile
   * @throws IllegalArgumentException if it cannot take the place of the configured base at all, or
   *     that one has no protected texts
   */
  public Result publish(
      Path folder, Supplier<@Nullable ReleaseEvent> heads, Bounds bounds, String reason)
      throws IOException {
    ReleaseEvent head = heads.get();
    Path before = Path.of(config.base().dir());
    requireUnpinned(head);
    requireSameTokens(before, folder);
    BaseTexts.requireProtected(before);
    List<RuleResult> rules = new ArrayList<>(taught(folder, bounds.taught()));
    if (!allPassed(rules)) {
      return refused(head, rules);
    }
    List<Draft> rebased = rebased(folder);
    ReleaseStore store = Openers.store(config); // which asks for keys, before what takes long
    rules.addAll(judged(before, folder, bounds.texts()));
    if (!allPassed(rules)) {
      return refused(head, rules);
    }
    Manifest manifest = manifest(before, folder, head, rules);
    for (Draft draft : rebased) { // first: the base names them
      store(draft, store);
    }
    progress.accept("writing " + manifest.files().size() + " files to " + config.store().uri());
    String uri =
        store.publish(
            manifest,
            piece -> {
              wanted.run();
              return BaseRelease.read(folder, piece);
            });
    requireUnmoved(head, heads.get());
    write(manifest.event(Action.PUBLISH, uri, reason));
    return result(manifest);
  }

  /** What came of a release that is gone may be what was to be forgotten: it is left out. */
  private void store(Draft draft, ReleaseStore store) throws IOException {
    String parent = Objects.requireNonNull(draft.manifest().parent());
    try {
      Manifest unused =
          ReleaseReader.readManifest(Openers.published(config), store.uri(parent), parent);
    } catch (FileNotFoundException | NoSuchFileException | InvalidReleaseException e) {
      progress.accept(
          "domain %s stays on its base: release %s, of which %s came, is not in %s"
              .formatted(
                  draft.manifest().domain(), parent, draft.manifest().id(), config.store().uri()));
      return;
    }
    String unused = store.publish(draft);
  }

  /**
   * As what a base was released, whatever people have ordered since; null if it was not.
   *
   * @param line the events of the line of bases, in order
   */
  @Nullable Result released(Path folder, List<ReleaseEvent> line) throws IOException {
    if (line.isEmpty()) {
      return null; // its id is a digest of all weights
    }
    Result released = null;
    String id = Checkpoint.idOf(folder, wanted);
    for (ReleaseEvent event : line) {
      Manifest manifest = event.release().isEmpty() ? null : manifest(event);
      if (manifest != null && BaseRelease.base(manifest).equals(id)) {
        released = result(manifest);
      }
    }
    return released;
  }

  private @Nullable Manifest manifest(ReleaseEvent event) throws IOException {
    try {
      return BaseRelease.manifest(Openers.published(config), event);
    } catch (FileNotFoundException | NoSuchFileException | InvalidReleaseException e) {
      progress.accept("release " + event.release() + " is no base here: " + e.getMessage());
      return null;
    }
  }

  private static Result result(Manifest manifest) {
    return new Result(manifest.id(), manifest.parent(), manifest.batch(), manifest.verdict());
  }

  private static Result refused(@Nullable ReleaseEvent head, List<RuleResult> rules) {
    return new Result(null, parent(head), batch(head), rules);
  }

  private static @Nullable String parent(@Nullable ReleaseEvent head) {
    return head == null || head.release().isEmpty() ? null : head.release();
  }

  private static long batch(@Nullable ReleaseEvent head) {
    return head == null ? 1 : head.batch() + 1;
  }

  /**
   * Takes the line of bases back to the configured one.
   *
   * @param head the event that it follows
   */
  public void takeBack(ReleaseEvent head, String reason) throws IOException {
    write(head.backToBase(reason));
  }

  private static void requireUnmoved(@Nullable ReleaseEvent before, @Nullable ReleaseEvent now) {
    if (!Objects.equals(before, now)) {
      throw new IllegalStateException(
          "somebody moved the line of bases while this one was judged: now %s of release '%s', expected nothing new; judge it again"
              .formatted(now == null ? null : now.action(), now == null ? "" : now.release()));
    }
  }

  private static void requireUnpinned(@Nullable ReleaseEvent head) {
    if (head != null && head.action() == Action.PIN) {
      throw new IllegalArgumentException(
          "the line of bases is pinned to %s, expected it free: releases rollback %s, or releases base --back"
              .formatted(head.release(), head.release()));
    }
  }

  private static void requireSameTokens(Path before, Path folder) throws IOException {
    String problem = NewBases.otherTokens(before, folder);
    if (problem != null) {
      throw new IllegalArgumentException(problem + ": domains know their texts by its tokens");
    }
  }

  private static boolean allPassed(List<RuleResult> rules) {
    return rules.stream().allMatch(RuleResult::passed);
  }

  /** By what consolidation found on each domain's held-out texts. */
  private static List<RuleResult> taught(Path folder, double bound) throws IOException {
    List<RuleResult> rules = new ArrayList<>();
    BaseRelease.taught(folder)
        .forEach(
            (domain, of) ->
                rules.add(
                    rule(
                        new Consolidation.Outcome(domain, of.before(), of.after()),
                        "on the new base alone",
                        bound)));
    for (BaseRelease.Rebased of : BaseRelease.rebased(folder).values()) {
      rules.add(
          rule(
              new Consolidation.Outcome(of.domain(), of.before(), of.after()),
              "by its adapter on the new base",
              bound));
    }
    return rules;
  }

  /** What was brought to a base, verified: releases of it that are to be stored beside it. */
  private List<Draft> rebased(Path folder) throws IOException {
    List<Draft> drafts = new ArrayList<>();
    SortedMap<String, BaseRelease.Rebased> named = BaseRelease.rebased(folder);
    if (named.isEmpty()) {
      return drafts;
    }
    String base = Checkpoint.idOf(folder, wanted);
    for (Map.Entry<String, BaseRelease.Rebased> of : named.entrySet()) {
      String id = of.getValue().release();
      String uri = ReleaseFiles.uri(BaseRelease.rebased(folder, id));
      Manifest manifest = ReleaseReader.readManifest(new FlinkReleaseFiles(), uri, id);
      if (!manifest.base().equals(base)
          || !of.getKey().equals(manifest.parent())
          || !allPassed(manifest.verdict())) {
        throw new IllegalArgumentException(
            "release %s in %s is of base %s, of parent %s and passed %s, expected base %s, parent %s and true"
                .formatted(
                    id,
                    folder,
                    manifest.base(),
                    manifest.parent(),
                    allPassed(manifest.verdict()),
                    base,
                    of.getKey()));
      }
      drafts.add(
          new Draft(
              manifest,
              new TreeMap<>(ReleaseReader.readFiles(new FlinkReleaseFiles(), uri, manifest))));
    }
    return drafts;
  }

  private List<RuleResult> judged(Path base, Path folder, double bound) throws IOException {
    List<RuleResult> rules = new ArrayList<>();
    try (Tokenizer tokenizer = Tokenizers.open(base)) {
      for (String file : List.of(BaseTexts.PROTECTED, BaseTexts.ANCHORS)) {
        Exam exam = BaseTexts.exam(base, file, tokenizer);
        if (!exam.texts().isEmpty()) {
          progress.accept("judging " + exam.texts().size() + " texts of " + file);
          rules.add(
              rule(
                  Consolidation.judge(base, folder, file, null, exam, wanted),
                  "on the new base alone",
                  bound));
        }
      }
      progress.accept("asking the gate");
      try (BaseModel before = DjlModels.open(base, Precision.INT8, wanted);
          BaseModel next = DjlModels.open(folder, Precision.INT8, wanted)) {
        rules.addAll(
            BaseGate.judge(
                before,
                next,
                BaseTexts.protection(base, tokenizer),
                bound,
                config.learn().gate(),
                wanted));
      }
    }
    return rules;
  }

  private static RuleResult rule(Consolidation.Outcome outcome, String how, double bound) {
    String reason =
        String.format(
            Locale.ROOT,
            "%s: %.4f bits per byte before, %.4f %s, %+.2f %%, expected at most %+.2f %%",
            outcome.domain(),
            outcome.before(),
            outcome.after(),
            how,
            100 * outcome.rise(),
            100 * bound);
    return new RuleResult(
        "base-no-worse",
        outcome.rise() <= bound,
        reason,
        Map.of(
            "before", outcome.before(),
            "after", outcome.after(),
            "rise", outcome.rise(),
            "bound", bound));
  }

  private Manifest manifest(
      Path before, Path folder, @Nullable ReleaseEvent head, List<RuleResult> rules)
      throws IOException {
    SortedMap<String, ReleaseFile> files = BaseRelease.pieces(folder, wanted);
    try (BaseModel replaced = DjlModels.open(before, Precision.INT8, wanted);
        BaseModel base = DjlModels.open(folder, Precision.INT8, wanted)) {
      if (base.id().equals(replaced.id())) {
        throw new IllegalArgumentException(
            folder + " is base " + base.id() + " itself, expected another");
      }
      requireRoom(replaced, base);
      return new Manifest(
          null,
          BaseRelease.DOMAIN,
          replaced.id(),
          files,
          "as it is stored",
          Routing.topK(base.config().router().topK()),
          parent(head),
          batch(head),
          List.of(),
          List.of(),
          BaseRelease.plan(base.id()),
          rules,
          null,
          Kind.BASE);
    }
  }

  private static void requireRoom(BaseModel replaced, BaseModel base) {
    int found = base.config().maxPositionEmbeddings();
    int expected = replaced.config().maxPositionEmbeddings();
    if (found < expected) {
      throw new IllegalArgumentException(
          "it has %d positions, expected at least %d: requests may be that long"
              .formatted(found, expected));
    }
  }

  private void write(ReleaseEvent event) throws IOException {
    try (RecordWriter writer = new RecordWriter(config.kafka())) {
      ReleaseRecords.append(writer, new Topics(config.kafka().prefix()), event).join();
    } catch (CompletionException e) {
      throw new IOException("the broker did not take the release", e);
    }
  }
}
