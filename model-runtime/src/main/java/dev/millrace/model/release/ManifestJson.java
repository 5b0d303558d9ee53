package dev.millrace.model.release;

import dev.millrace.model.config.InvalidConfigException;
import dev.millrace.model.config.JsonFields;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The JSON form of a manifest. */
final class ManifestJson {
  private static final int FORMAT = 1;

  /** Kinds that came after the adapters, whose manifests name none. */
  private static final Map<String, Kind> KINDS =
      Map.of("alignment", Kind.ALIGNMENT, "base", Kind.BASE);

  private ManifestJson() {}

  static byte[] toBytes(Manifest manifest) {
    SortedMap<String, @Nullable Object> json =
        object(
            "format", FORMAT,
            "tenant", manifest.tenant(),
            "domain", manifest.domain(),
            "base", manifest.base(),
            "files", mapped(manifest.files(), ManifestJson::file),
            "quantization", manifest.quantization(),
            "routing", routing(manifest.routing()),
            "parent", manifest.parent(),
            "batch", manifest.batch(),
            "learned", manifest.learned().stream().map(ManifestJson::learned).toList(),
            "learnedTo", manifest.learnedTo().stream().map(ManifestJson::origin).toList(),
            "plan", plan(manifest.plan()),
            "verdict", manifest.verdict().stream().map(ManifestJson::rule).toList());
    if (manifest.obeyed() != null) { // a field that came later: without it the bytes are the old
      json.put("obeyed", origin(manifest.obeyed()));
    }
    if (manifest.kind() != Kind.ADAPTER) { // the same
      json.put("kind", manifest.kind().name().toLowerCase(Locale.ROOT));
    }
    return CanonicalJson.toBytes(json);
  }

  private static Object file(ReleaseFile file) {
    return object("size", file.size(), "sha256", file.sha256());
  }

  private static Object routing(Routing routing) {
    SortedMap<String, @Nullable Object> json =
        object("policy", routing.policy(), "topK", routing.topK());
    if (!routing.policy().equals(Routing.TOP_K)) { // came later, as did what it needs
      json.put("share", routing.share());
      json.put("threshold", routing.threshold());
    }
    return json;
  }

  private static SortedMap<String, @Nullable Object> origin(Origin origin) {
    return object(
        "topic", origin.topic(), "partition", origin.partition(), "offset", origin.offset());
  }

  private static Object learned(LearnedSample learned) {
    SortedMap<String, @Nullable Object> json = origin(learned.origin());
    json.put("sample", learned.sample());
    json.put("replay", learned.replay());
    if (learned.tokens() > 0) { // came later
      json.put("tokens", learned.tokens());
    }
    return json;
  }

  private static Object plan(TrainingPlan plan) {
    return object(
        "seed", plan.seed(),
        "hyperparameters", plan.hyperparameters(),
        "microBatch", plan.microBatch(),
        "threads", plan.threads(),
        "engine", plan.engine(),
        "cpuFeatures", plan.cpuFeatures());
  }

  private static Object rule(RuleResult rule) {
    return object(
        "rule", rule.rule(),
        "passed", rule.passed(),
        "reason", rule.reason(),
        "figures", new TreeMap<>(rule.figures()));
  }

  private static <V> SortedMap<String, Object> mapped(Map<String, V> map, Function<V, Object> to) {
    SortedMap<String, Object> mapped = new TreeMap<>();
    map.forEach((name, value) -> mapped.put(name, to.apply(value)));
    return mapped;
  }

  private static SortedMap<String, @Nullable Object> object(@Nullable Object... namesAndValues) {
    SortedMap<String, @Nullable Object> object = new TreeMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      object.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return object;
  }

  /** One form for one manifest: what does not give the same bytes again is refused. */
  static Manifest parse(byte[] bytes) {
    try {
      Manifest manifest = manifest(JsonFields.parse(Manifest.FILE, bytes));
      if (!Arrays.equals(toBytes(manifest), bytes)) {
        throw new InvalidReleaseException(
            Manifest.FILE + ": it is not in canonical form, or has fields that are not known");
      }
      return manifest;
    } catch (InvalidConfigException | IllegalArgumentException e) {
      throw new InvalidReleaseException(e.getMessage(), e);
    }
  }

  private static Manifest manifest(JsonFields json) {
    json.integer("format", FORMAT, FORMAT);
    return new Manifest(
        textOrNull(json, "tenant"),
        json.text("domain"),
        json.text("base"),
        map(json.object("files"), (files, name) -> file(files.object(name))),
        json.text("quantization"),
        routing(json.object("routing")),
        textOrNull(json, "parent"),
        json.integer("batch", 0, Long.MAX_VALUE),
        json.objects("learned").stream().map(ManifestJson::learned).toList(),
        json.objects("learnedTo").stream().map(ManifestJson::origin).toList(),
        plan(json.object("plan")),
        json.objects("verdict").stream().map(ManifestJson::rule).toList(),
        json.has("obeyed") ? origin(json.object("obeyed")) : null,
        json.has("kind") ? kind(json.text("kind")) : Kind.ADAPTER);
  }

  private static Kind kind(String name) {
    Kind kind = KINDS.get(name);
    if (kind == null) {
      throw new InvalidReleaseException(
          "kind is " + name + ", expected one of " + new TreeSet<>(KINDS.keySet()));
    }
    return kind;
  }

  private static @Nullable String textOrNull(JsonFields json, String name) {
    return json.has(name) ? json.text(name) : null;
  }

  private static ReleaseFile file(JsonFields json) {
    return new ReleaseFile(json.integer("size", 0, Long.MAX_VALUE), json.text("sha256"));
  }

  private static Routing routing(JsonFields json) {
    int topK = json.integer("topK", 1, Integer.MAX_VALUE);
    return json.text("policy").equals(Routing.TOP_K)
        ? Routing.topK(topK)
        : new Routing(
            json.text("policy"), topK, json.number("share", 0, 1), json.number("threshold", 0, 1));
  }

  private static Origin origin(JsonFields json) {
    return new Origin(
        json.text("topic"),
        json.integer("partition", Integer.MIN_VALUE, Integer.MAX_VALUE),
        json.integer("offset", Long.MIN_VALUE, Long.MAX_VALUE));
  }

  private static LearnedSample learned(JsonFields json) {
    return new LearnedSample(
        json.text("sample"),
        origin(json),
        json.bool("replay"),
        json.orElse("tokens", 0, fields -> fields.integer("tokens", 1, Integer.MAX_VALUE)));
  }

  private static TrainingPlan plan(JsonFields json) {
    return new TrainingPlan(
        json.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE),
        map(json.object("hyperparameters"), JsonFields::text),
        json.integer("microBatch", Integer.MIN_VALUE, Integer.MAX_VALUE),
        json.integer("threads", Integer.MIN_VALUE, Integer.MAX_VALUE),
        json.text("engine"),
        json.text("cpuFeatures"));
  }

  private static RuleResult rule(JsonFields json) {
    return new RuleResult(
        json.text("rule"),
        json.bool("passed"),
        json.text("reason"),
        map(json.object("figures"), ManifestJson::figure));
  }

  /** A figure that is not finite is a text, as JSON has no such number. */
  private static Double figure(JsonFields figures, String name) {
    return figures.isText(name)
        ? Double.parseDouble(figures.text(name))
        : figures.number(name, -Double.MAX_VALUE, Double.MAX_VALUE);
  }

  private static <V> SortedMap<String, V> map(
      JsonFields json, BiFunction<JsonFields, String, V> value) {
    SortedMap<String, V> map = new TreeMap<>();
    for (String name : json.names()) {
      map.put(name, value.apply(json, name));
    }
    return map;
  }
}
