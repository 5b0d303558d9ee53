package dev.millrace.model.peft;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import dev.millrace.model.adapter.Site;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** What PEFT calls the places of a base. */
final class ModuleNames {

  private static final String WEIGHT = ".weight";

  /** Of the sites of open bases: each adapter that is read asks for them several times. */
  private static final LoadingCache<Site, List<String>> EXPERTS =
      Caffeine.newBuilder().weakKeys().executor(Runnable::run).build(ModuleNames::named);

  private ModuleNames() {}

  /** Linear layers, those of routed experts among them. */
  static List<String> all(List<Site> sites) {
    List<String> names = new ArrayList<>();
    for (Site site : sites) {
      switch (site.place()) {
        case LINEAR -> names.add(module(site));
        case EXPERTS -> names.addAll(experts(site));
        case STREAM -> {}
      }
    }
    return names;
  }

  /** The modules of a site's experts, expert by expert. */
  static List<String> experts(Site site) {
    return EXPERTS.get(site);
  }

  private static List<String> named(Site site) {
    List<String> names = new ArrayList<>();
    for (int e = 0; e < site.experts(); e++) {
      for (int part = 0; part < site.parts().size(); part++) {
        names.add(expert(site, e, part));
      }
    }
    return List.copyOf(names);
  }

  static String expert(Site site, int expert, int part) {
    return site.parts().get(part).replace("%d", Integer.toString(expert));
  }

  /** The module of a linear layer, as transformers 4 names it. */
  static String module(Site linear) {
    return linear.parts().isEmpty() ? linear.name() : linear.parts().get(0);
  }

  /** The parameter of a linear layer. */
  static String weight(Site linear) {
    return linear.name() + WEIGHT;
  }

  /**
   * Those linear layers that a folder of ours names by their weight, in target_parameters: where
   * their last part is that of a routed expert's module. Under transformers 5 PEFT 0.19 and newer
   * take such a target_modules for routed experts and leave the linear layer out
   * (_convert_peft_config_moe).
   */
  static Predicate<Site> byWeight(List<Site> sites) {
    Set<String> taken = new HashSet<>();
    sites.forEach(site -> site.parts().forEach(part -> taken.add(Patterns.lastParts(part, 1))));
    return site ->
        site.place() == Site.Place.LINEAR && taken.contains(Patterns.lastParts(site.name(), 1));
  }

  /** The shortest target_modules that name these modules alone. */
  static List<String> targets(Collection<String> wanted, List<Site> sites) {
    return Targets.shortest(wanted, all(sites), 1);
  }

  /** The shortest target_parameters, of three parts or more, that name these alone. */
  static List<String> parameters(Collection<String> wanted, List<Site> sites) {
    return Targets.shortest(wanted, parameters(sites), 3);
  }

  /** The parameters of all sites: routed experts' stacks and the weights of linear layers. */
  static List<String> parameters(List<Site> sites) {
    return sites.stream()
        .filter(site -> site.place() != Site.Place.STREAM)
        .map(site -> site.place() == Site.Place.EXPERTS ? site.name() : weight(site))
        .toList();
  }
}
