package dev.millrace.job.cli.model;

import dev.millrace.adapter.Rebaser;
import dev.millrace.adapter.gate.BaseGate;
import dev.millrace.adapter.gate.GateConfig;
import dev.millrace.adapter.gate.Protection;
import dev.millrace.job.BaseTexts;
import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.distil.Consolidation;
import dev.millrace.model.distil.Exam;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.djl.StudentTrainer;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "consolidate",
    description = {
      "Folds adapters into their base: a new base learns, on each domain's texts, what the old one",
      "says there under its adapter. It is written only if no domain and no protected text is worse",
      "for it than the bounds; a tenth of the documents, and those that learn holds out, judge and",
      "teach nothing. Releases that are not folded are brought to the new base: an adapter there",
      "learns what the old base says under them. One that is worse for it than the bounds stays on",
      "the old base."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace model consolidate --adapter cloud=store/RELEASE --input cloud=cloud.jsonl \\",
      "      --out models/next",
      "  ./millrace model consolidate --adapter cloud=store/RELEASE --input cloud=cloud.jsonl \\",
      "      --rebase legal=store/RELEASE --input legal=legal.jsonl --out models/next",
      "  ./millrace releases base models/next       # running serve jobs go over to it"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ConsolidateCommand implements Callable<Integer> {

  static final String PROTECTED = "protected";

  /** Of the adapters that are brought over, at its peak. */
  private static final double REBASE_RATE = 1e-3;

  @Mixin private Output output;
  @Mixin private BaseOption base;

  @Option(
      names = "--adapter",
      paramLabel = "DOMAIN=DIR",
      required = true,
      description = "A domain's PEFT folder, such as that of its release.")
  private Map<String, Path> adapters = new TreeMap<>();

  @Option(
      names = "--rebase",
      paramLabel = "DOMAIN=DIR",
      description =
          "A domain's release in its store that is not folded, but brought to the new base.")
  private Map<String, Path> rebases = new TreeMap<>();

  @Option(
      names = "--input",
      paramLabel = "DOMAIN=F.jsonl",
      required = true,
      description =
          "A domain's lines {\"id\",\"text\",\"document\"?}; each adapter needs some. Of those of a "
              + "release that is brought over, none is read that did not teach it.")
  private Map<String, Path> inputs = new TreeMap<>();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Folder of the new base; must not be there.")
  private Path out;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Steps of 16 texts (default: ${DEFAULT-VALUE}).")
  private int steps = 400;

  @Option(
      names = "--rate",
      paramLabel = "R",
      description = "Peak of the learning rate (default: ${DEFAULT-VALUE}).")
  private double rate = 3e-4;

  @Option(
      names = "--bound",
      paramLabel = "SHARE",
      description =
          "By how much a domain's bits per byte may be higher than under its adapter, on the old base (default: ${DEFAULT-VALUE}).")
  private double bound = 0.01;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the order (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Override
  @SuppressWarnings("try") // closed, and not asked
  public Integer call() throws Exception {
    Path folder = base.folder();
    if (Files.exists(out)) {
      throw new IllegalArgumentException(out + " is there, expected a folder that is not");
    }
    Output.requireFolder("--out", out);
    if (steps < 1 || !(rate > 0) || !(bound >= 0)) {
      throw new IllegalArgumentException(
          "--steps %d, --rate %s, --bound %s, expected 1 or more, more than 0, and 0 or more"
              .formatted(steps, rate, bound));
    }
    requireLines();
    Path next = out.resolveSibling(out.getFileName() + ".next");
    try (Unfinished unused = Unfinished.watch(next)) {
      return consolidate(folder, next);
    }
  }

  private int consolidate(Path folder, Path next) throws IOException {
    List<Consolidation.Outcome> outcomes;
    List<String> against;
    List<String> learned;
    Map<String, String> releases;
    BroughtOver brought = BroughtOver.NOTHING;
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      Exam guarded = guarded(folder, tokenizer);
      adapters.values().forEach(BaseOption::requireAdapter);
      releases = releases(folder);
      List<int[]> anchors = BaseTexts.anchors(folder, tokenizer);
      Map<String, OldRelease> old = old(folder);
      Map<String, DomainTexts> texts = texts(old, BaseTexts.beginnings(folder, tokenizer));
      new Consolidation(folder, domains(texts, anchors), plan()).run(next, this::stepped);
      learned = adapters.keySet().stream().flatMap(d -> of(texts, d).samples().stream()).toList();
      outcomes = judge(folder, next, texts);
      outcomes.add(Consolidation.judge(folder, next, PROTECTED, null, guarded));
      against = against(outcomes);
      against.addAll(againstByTheGate(folder, next, tokenizer));
      if (against.isEmpty() && !old.isEmpty()) {
        brought = bringing(folder, next).bring(old, texts, anchors, guarded);
      }
    }
    if (against.isEmpty()) {
      BaseRelease.note(next, taught(releases, outcomes));
      BaseRelease.noteLearned(next, folder, learned, folded());
      brought.note(next);
      Files.move(next, out);
    }
    return output.result(
        json(outcomes, against.isEmpty(), brought), lines(outcomes, against, brought), against);
  }

  /** A text that judges one domain teaches none: the new base is the same for all. */
  private Map<String, DomainTexts> texts(Map<String, OldRelease> old, SampleTokens beginnings)
      throws IOException {
    List<DomainLines> all = new ArrayList<>();
    Set<String> judging = new HashSet<>();
    for (Map.Entry<String, Path> input : inputs.entrySet()) {
      String domain = input.getKey();
      OldRelease of = old.get(domain);
      Path folder = of == null ? adapters.get(domain) : rebases.get(domain);
      Manifest release = manifest(Objects.requireNonNull(folder, domain));
      String tenant = release == null ? null : release.tenant();
      DomainLines lines = DomainLines.read(domain, input.getValue(), tenant, of, output.err());
      all.add(lines);
      judging.addAll(lines.judging());
    }
    Map<String, DomainTexts> texts = new TreeMap<>();
    all.forEach(lines -> texts.put(lines.domain(), lines.texts(judging, beginnings, output.err())));
    return texts;
  }

  private List<Consolidation.Domain> domains(Map<String, DomainTexts> texts, List<int[]> anchors) {
    List<Consolidation.Domain> domains = new ArrayList<>();
    adapters.forEach(
        (name, adapter) -> domains.add(new Consolidation.Domain(adapter, of(texts, name).texts())));
    domains.add(new Consolidation.Domain(null, anchors));
    return domains;
  }

  private BringingOver bringing(Path folder, Path next) {
    return new BringingOver(
        folder,
        next,
        new Rebaser.Recipe(steps, REBASE_RATE, seed),
        new Rebaser.Bounds(bound, GateConfig.defaults().protectedBound()),
        output.err());
  }

  private void requireLines() {
    if (adapters.containsKey(PROTECTED)) { // its figures and bound would be those of these texts
      throw new IllegalArgumentException(
          "--adapter of domain protected, expected another: so the protected texts are called");
    }
    Set<String> wanted = new TreeSet<>(adapters.keySet());
    wanted.addAll(rebases.keySet());
    if (!inputs.keySet().equals(wanted)) {
      throw new IllegalArgumentException(
          "lines for %s, expected them for %s".formatted(inputs.keySet(), wanted));
    }
    if (wanted.size() < adapters.size() + rebases.size()) {
      throw new IllegalArgumentException(
          "folded are %s and brought over %s, expected no domain among both"
              .formatted(adapters.keySet(), rebases.keySet()));
    }
  }

  private static DomainTexts of(Map<String, DomainTexts> texts, String domain) {
    return Objects.requireNonNull(texts.get(domain), domain);
  }

  /** What is to be brought over, before anything is trained. */
  private Map<String, OldRelease> old(Path folder) throws IOException {
    Map<String, OldRelease> old = new TreeMap<>();
    if (rebases.isEmpty()) {
      return old;
    }
    try (BaseModel model = DjlModels.open(folder, Precision.INT8)) {
      for (Map.Entry<String, Path> release : rebases.entrySet()) {
        String domain = release.getKey();
        old.put(domain, OldRelease.read(domain, release.getValue(), model, output.err()::println));
      }
    }
    return old;
  }

  private Consolidation.Plan plan() {
    return new Consolidation.Plan(steps, 8, rate, 16, new StudentTrainer.Objective(0, 1), seed);
  }

  private List<Consolidation.Outcome> judge(Path folder, Path next, Map<String, DomainTexts> texts)
      throws IOException {
    List<Consolidation.Outcome> outcomes = new ArrayList<>();
    for (Map.Entry<String, Path> adapter : adapters.entrySet()) {
      String name = adapter.getKey();
      Exam exam = of(texts, name).exam();
      outcomes.add(Consolidation.judge(folder, next, name, adapter.getValue(), exam));
    }
    return outcomes;
  }

  /** Asked before anything is trained: nothing is written that was not judged by it. */
  private static Exam guarded(Path folder, Tokenizer tokenizer) throws IOException {
    Exam guarded = BaseTexts.exam(folder, BaseTexts.PROTECTED, tokenizer);
    if (guarded.texts().isEmpty()) {
      throw new IllegalArgumentException(
          "base %s has no protected text of 2 to %d tokens, expected some; ./millrace model protect %s writes them"
              .formatted(folder, BaseTexts.MAX_TOKENS, folder));
    }
    return guarded;
  }

  /** The releases among the adapters, by domain: serving goes over to the new base with them. */
  private Map<String, String> releases(Path folder) throws IOException {
    String base = Checkpoint.idOf(folder);
    Map<String, String> releases = new TreeMap<>();
    for (Map.Entry<String, Path> adapter : adapters.entrySet()) {
      String domain = adapter.getKey();
      requireOn(base, adapter.getValue());
      Manifest manifest = manifest(adapter.getValue());
      if (manifest != null && manifest.tenant() == null && manifest.domain().equals(domain)) {
        releases.put(domain, manifest.id());
      } else {
        output.say(
            "%s is no release of the shared domain %s: nothing goes over with the new base",
            adapter.getValue(), domain);
      }
    }
    return releases;
  }

  private static Map<String, BaseRelease.Taught> taught(
      Map<String, String> releases, List<Consolidation.Outcome> outcomes) {
    Map<String, BaseRelease.Taught> taught = new TreeMap<>();
    for (Consolidation.Outcome outcome : outcomes) {
      String release = releases.get(outcome.domain());
      if (release != null) {
        taught.put(
            outcome.domain(), new BaseRelease.Taught(release, outcome.before(), outcome.after()));
      }
    }
    return taught;
  }

  /** Also those with which nothing goes over: the new base knows what they know. */
  private List<String> folded() throws IOException {
    List<String> folded = new ArrayList<>();
    for (Path adapter : adapters.values()) {
      Manifest manifest = manifest(adapter);
      if (manifest != null) {
        folded.add(manifest.id());
      }
    }
    return folded;
  }

  /**
   * Refuses an adapter that is a release on another base: what it says there, it says nowhere else.
   *
   * @param base id of the base
   */
  static void requireOn(String base, Path adapter) throws IOException {
    Manifest manifest = manifest(adapter);
    if (manifest != null && !manifest.base().equals(base)) {
      throw new IllegalArgumentException(
          "%s is a release on base %s, expected one on base %s"
              .formatted(adapter, manifest.base(), base));
    }
  }

  /** Of the release that a folder is; null if it is none. */
  private static @Nullable Manifest manifest(Path adapter) throws IOException {
    Path file = adapter.resolve(Manifest.FILE);
    return Files.exists(file) ? Manifest.parse(Files.readAllBytes(file)) : null;
  }

  /** A new base is bound as a candidate of the gate is, by what is protected. */
  private List<String> against(List<Consolidation.Outcome> outcomes) {
    double guard = GateConfig.defaults().protectedBound();
    List<String> against = new ArrayList<>();
    for (Consolidation.Outcome outcome : outcomes) {
      double most = outcome.domain().equals(PROTECTED) ? guard : bound;
      if (!(outcome.rise() <= most)) {
        against.add(
            "%s needs %.2f %% more bits per byte, expected at most %.2f %%"
                .formatted(outcome.domain(), 100 * outcome.rise(), 100 * most));
      }
    }
    return against;
  }

  /** What the gate will ask when the base is released. */
  private static List<String> againstByTheGate(Path folder, Path next, Tokenizer tokenizer)
      throws IOException {
    GateConfig gate = GateConfig.defaults();
    try (BaseModel before = DjlModels.open(folder, Precision.INT8);
        BaseModel now = DjlModels.open(next, Precision.INT8)) {
      Protection protection = BaseTexts.protection(folder, tokenizer);
      return BaseGate.judge(before, now, protection, gate.protectedBound(), gate, () -> {}).stream()
          .filter(rule -> !rule.passed())
          .map(rule -> rule.rule() + ": " + rule.reason())
          .toList();
    }
  }

  private static Map<String, Object> json(
      List<Consolidation.Outcome> outcomes, boolean accepted, BroughtOver brought) {
    Map<String, Object> domains = new LinkedHashMap<>();
    outcomes.forEach(of -> domains.put(of.domain(), BroughtOver.figures(of)));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("accepted", accepted);
    json.put("domains", domains);
    json.put("rebased", brought.json());
    return json;
  }

  private String lines(
      List<Consolidation.Outcome> outcomes, List<String> against, BroughtOver brought) {
    StringBuilder lines = new StringBuilder();
    for (Consolidation.Outcome outcome : outcomes) {
      lines.append(
          "%s: bits per byte %.4f before, %.4f on the new base alone%n"
              .formatted(outcome.domain(), outcome.before(), outcome.after()));
    }
    lines.append(brought.text());
    return lines
        .append(against.isEmpty() ? "written to " + out : "refused: " + String.join("; ", against))
        .toString();
  }

  private void stepped(int step, StudentTrainer.Step result) {
    if (step % 20 == 0 || step == steps) {
      output.say("step %d/%d  divergence %.4f", step, steps, result.divergence());
    }
  }
}
