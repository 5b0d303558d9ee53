package dev.millrace.model.peft;

import dev.millrace.model.adapter.Site;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * How a LoRA adapter is made: what PEFT's adapter_config.json says, with all its rules about names
 * already applied.
 *
 * @param rank r
 * @param alpha lora_alpha
 * @param rsLora true scales by alpha/√rank, false by alpha/rank
 * @param targetModules last parts of the names of adapted modules, sorted
 * @param targetParameters last parts of the names of adapted parameters, sorted: the routed
 *     experts', and the weights of linear layers that are not among the modules
 * @param rankPattern ranks that differ, by PEFT's patterns of names; the first that fits counts
 * @param alphaPattern alphas that differ, likewise
 * @param layout how a folder keeps routed experts
 */
public record LoraConfig(
    int rank,
    double alpha,
    boolean rsLora,
    List<String> targetModules,
    List<String> targetParameters,
    ByPattern<Integer> rankPattern,
    ByPattern<Double> alphaPattern,
    ExpertLayout layout) {

  public LoraConfig(
      int rank,
      double alpha,
      boolean rsLora,
      List<String> targetModules,
      List<String> targetParameters,
      Map<String, Integer> rankPattern,
      Map<String, Double> alphaPattern,
      ExpertLayout layout) {
    this(
        rank,
        alpha,
        rsLora,
        targetModules,
        targetParameters,
        new ByPattern<>("rank_pattern", rankPattern, Steps.ofOneFolder()),
        new ByPattern<>("alpha_pattern", alphaPattern, Steps.ofOneFolder()),
        layout);
  }

  /** Without routed experts and patterns. */
  public LoraConfig(int rank, double alpha, boolean rsLora, List<String> targetModules) {
    this(
        rank, alpha, rsLora, targetModules, List.of(), Map.of(), Map.of(), ExpertLayout.PARAMETERS);
  }

  /** The rank at a module or parameter. */
  public int rankAt(String name) {
    return rankPattern.at(name, rank);
  }

  /** The factor on {@code B·A·x} at a module or parameter where the factors have this rank. */
  public double scaleAt(String name, int rankThere) {
    return scale(alphaPattern.at(name, alpha), rankThere);
  }

  /** The factor on {@code B·A·x} where no pattern fits. */
  public double scale() {
    return scale(alpha, rank);
  }

  double scale(double alphaThere, int rankThere) {
    return rsLora ? alphaThere / Math.sqrt(rankThere) : alphaThere / rankThere;
  }

  /** The alpha that scales by so much at a rank. */
  double alphaOf(double scale, int rankThere) {
    return rsLora ? scale * Math.sqrt(rankThere) : scale * rankThere;
  }

  /** True if the adapter adds at this site. */
  public boolean targets(Site site) {
    return switch (site.place()) {
      case LINEAR -> Targets.cover(targetModules, ModuleNames.module(site)) || targetsWeight(site);
      case EXPERTS -> Targets.cover(targetParameters, site.name());
      case STREAM -> false;
    };
  }

  boolean targetsWeight(Site site) {
    return Targets.cover(targetParameters, ModuleNames.weight(site));
  }

  /** What PEFT's patterns of names are held against at a site: its module or its parameter. */
  String key(Site site) {
    if (site.place() != Site.Place.LINEAR) {
      return site.name();
    }
    return targetsWeight(site) ? ModuleNames.weight(site) : ModuleNames.module(site);
  }

  /** Those of a base's sites where the adapter adds, in their order. */
  public List<Site> targetsOf(List<Site> sites) {
    return sites.stream().filter(this::targets).toList();
  }

  LoraConfig withParameters(List<String> parameters) {
    return new LoraConfig(
        rank, alpha, rsLora, targetModules, parameters, rankPattern, alphaPattern, layout);
  }

  LoraConfig withPatterns(Map<String, Integer> ranks, Map<String, Double> alphas) {
    return new LoraConfig(
        rank, alpha, rsLora, targetModules, targetParameters, ranks, alphas, layout);
  }

  /** Without the patterns that fit one of these names. */
  LoraConfig withoutPatternsOf(List<String> names) {
    return withPatterns(rankPattern.without(names), alphaPattern.without(names));
  }

  /**
   * The same at some sites, by the names that a folder of ours gives them.
   *
   * @param wanted the sites
   * @param sites of the base
   * @param expertModules those modules of routed experts that are adapted one by one
   */
  LoraConfig at(List<Site> wanted, List<Site> sites, List<String> expertModules, ExpertLayout in) {
    Predicate<Site> byWeight = ModuleNames.byWeight(sites);
    List<String> modules = new ArrayList<>(expertModules);
    List<String> parameters = new ArrayList<>();
    for (Site site : wanted) {
      if (site.place() == Site.Place.EXPERTS) {
        parameters.add(site.name());
      } else if (site.isGate() ? in == ExpertLayout.PARAMETERS : byWeight.test(site)) {
        parameters.add(ModuleNames.weight(site));
      } else if (site.place() == Site.Place.LINEAR) {
        modules.add(ModuleNames.module(site));
      }
    }
    return new LoraConfig(
        rank,
        alpha,
        rsLora,
        ModuleNames.targets(modules, sites),
        ModuleNames.parameters(parameters, sites),
        rankPattern,
        alphaPattern,
        in);
  }
}
