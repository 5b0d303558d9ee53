package dev.millrace.model.peft;

import dev.millrace.model.adapter.Site;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** What PEFT calls the places of a base. */
final class ModuleNames {

  private ModuleNames() {}

  /** Linear layers, those of routed experts among them. */
  static List<String> all(List<Site> sites) {
    List<String> names = new ArrayList<>();
    for (Site site : sites) {
      switch (site.place()) {
        case LINEAR -> names.add(site.name());
        case EXPERTS -> names.addAll(experts(site));
        case STREAM -> {}
      }
    }
    return names;
  }

  /** The modules of a site's experts, expert by expert. */
  static List<String> experts(Site site) {
    List<String> names = new ArrayList<>();
    for (int e = 0; e < site.experts(); e++) {
      for (int part = 0; part < site.parts().size(); part++) {
        names.add(expert(site, e, part));
      }
    }
    return names;
  }

  static String expert(Site site, int expert, int part) {
    return site.parts().get(part).replace("%d", Integer.toString(expert));
  }

  /** The shortest target_modules that name these modules alone. */
  static List<String> targets(Collection<String> wanted, List<Site> sites) {
    return Targets.shortest(wanted, all(sites), 1);
  }

  /** The shortest target_parameters, of three parts or more, that name these sites alone. */
  static List<String> parameters(Collection<String> wanted, List<Site> sites) {
    return Targets.shortest(wanted, names(sites), 3);
  }

  /** The names of all routed experts' parameters. */
  static List<String> names(List<Site> sites) {
    return sites.stream()
        .filter(site -> site.place() == Site.Place.EXPERTS)
        .map(Site::name)
        .toList();
  }
}
