package dev.millrace.model.peft;

import dev.millrace.model.adapter.InvalidAdapterException;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds the tensors of an adapter's file that its config promises for the sites of a base. */
final class PeftReader {

  /** Names of tensors may have millions of parts; those of PEFT's are far shorter. */
  private static final int MAX_NAME = 1024;

  private final PeftConfig config;
  private final Safetensors file;
  private final List<Site> sites;
  private final Set<String> unread;
  private final List<String> modules = new ArrayList<>();
  private final List<ExpertModules> experts = new ArrayList<>();

  PeftReader(PeftConfig config, Safetensors file, List<Site> sites) {
    this.config = config;
    this.file = file;
    this.sites = sites;
    this.unread = new TreeSet<>(file.tensors().keySet());
  }

  LoraWeights read() {
    passOverIdleRouters();
    requireKnown();
    List<LoraPair> pairs = new ArrayList<>();
    for (Site site : sites) {
      @Nullable LoraPair pair =
          switch (site.place()) {
            case LINEAR -> module(site) || weight(site) ? linear(site) : null;
            case EXPERTS -> stacked(site) ? parameter(site) : modules(site);
            case STREAM -> null;
          };
      if (pair != null) {
        pairs.add(pair);
      }
    }
    if (pairs.isEmpty()) {
      throw new InvalidAdapterException(PeftConfig.FILE + ": targets no site of the base");
    }
    if (!unread.isEmpty()) {
      throw new InvalidWeightsException(
          "expected only pairs at the targeted sites, found tensors " + unread);
    }
    LoraWeights read = new ExpertRanks(config.plain(), experts).shared(pairs, this::configOf);
    read.pairs().forEach(read::scale); // from here on no pattern is run on their names
    return read;
  }

  /**
   * DeepSeek-V2's router is no site: from 5.0 on transformers takes its weight past what PEFT puts
   * around the module, so that the tensors of one add nothing.
   */
  private void passOverIdleRouters() {
    for (Site site : sites) {
      if (site.place() == Site.Place.EXPERTS) {
        String router = site.name().replaceFirst("\\.experts\\.[a-z_]+$", ".gate");
        boolean idle = sites.stream().noneMatch(other -> other.name().equals(router));
        if (idle && config.rules().target(router)) {
          unread.remove(PeftFolder.PREFIX + router + PeftFolder.A);
          unread.remove(PeftFolder.PREFIX + router + PeftFolder.B);
        }
      }
    }
  }

  /** PEFT passes over a listed module that the base lacks; tensors of one say that it had it. */
  private void requireKnown() {
    Set<String> unknown = config.rules().unknownAmong(ModuleNames.all(sites));
    for (String tensor : unread) {
      String of = tensor.split("\\.lora_", 2)[0];
      for (String module : of.length() > MAX_NAME ? List.<String>of() : Targets.ends(of)) {
        if (unknown.contains(module)) {
          throw new InvalidAdapterException(
              "%s: target_modules names %s, expected linear layers other than the head"
                  .formatted(PeftConfig.FILE, module));
        }
      }
    }
    List<String> names = ModuleNames.parameters(sites);
    Set<String> known = new HashSet<>();
    names.forEach(name -> known.addAll(Targets.ends(name)));
    for (String parameter : config.parameters()) {
      if (!known.contains(parameter)) {
        throw new InvalidAdapterException(
            "%s: target_parameters names %s, expected weights of linear layers other than the head, or of experts, such as %s"
                .formatted(PeftConfig.FILE, parameter, names.get(names.size() - 1)));
      }
    }
  }

  /** The config by the names that we give, with the patterns that those need beside the file's. */
  private LoraConfig configOf(LoraConfig ranks, List<LoraPair> pairs) {
    LoraConfig named =
        ranks.at(
            pairs.stream().map(LoraPair::site).toList(),
            sites,
            modules,
            modules.isEmpty() ? ExpertLayout.PARAMETERS : ExpertLayout.MODULES);
    Patterns patterns = new Patterns(named);
    patterns.needLinear(pairs, pair -> config.plain().scaleAt(key(pair.site()), pair.rank()));
    return patterns.config();
  }

  /** A gate that is named is none to a PEFT under transformers 5: then the file has no tensors. */
  private boolean module(Site site) {
    String name = ModuleNames.module(site);
    return config.rules().target(name)
        && (!site.isGate() || file.tensors().containsKey(PeftFolder.PREFIX + name + PeftFolder.A));
  }

  private boolean weight(Site site) {
    return Targets.cover(config.parameters(), ModuleNames.weight(site));
  }

  private String key(Site site) {
    return weight(site) ? ModuleNames.weight(site) : ModuleNames.module(site);
  }

  private LoraPair linear(Site site) {
    if (module(site) && weight(site)) {
      throw new InvalidAdapterException(
          "%s: target_modules and target_parameters both name %s, expected one of them"
              .formatted(PeftConfig.FILE, site.name()));
    }
    int rank = config.plain().rankAt(key(site));
    String name = weight(site) ? site.name() : ModuleNames.module(site);
    return new LoraPair(
        site,
        tensor(name + PeftFolder.A, rank, site.in()).floats(),
        tensor(name + PeftFolder.B, site.out(), rank).floats());
  }

  private Tensor tensor(String name, int rows, int columns) {
    return tensor(name).require(rows, columns);
  }

  private Tensor tensor(String name) {
    unread.remove(PeftFolder.PREFIX + name);
    return file.tensor(PeftFolder.PREFIX + name);
  }

  private boolean stacked(Site site) {
    return Targets.cover(config.parameters(), site.name());
  }

  private LoraPair parameter(Site site) {
    int rank = config.plain().rankAt(site.name());
    List<Site> wrapped = sites.stream().filter(this::stacked).toList();
    String name = ExpertParameters.name(site, wrapped);
    Tensor a = tensor(name + PeftFolder.A);
    Tensor b = tensor(name + PeftFolder.B);
    return ExpertParameters.read(site, rank, a, b, config.version());
  }

  /**
   * Those modules of a site's experts that are targeted; null if none is, or if the file has none,
   * as when experts were parameters and no modules to the PEFT that wrote it.
   */
  private @Nullable LoraPair modules(Site site) {
    List<String> wanted =
        ModuleNames.experts(site).stream().filter(config.rules()::target).toList();
    if (wanted.stream().noneMatch(n -> unread.contains(PeftFolder.PREFIX + n + PeftFolder.A))) {
      return null;
    }
    ExpertModules found = new ExpertModules(site, config.plain(), Set.copyOf(wanted));
    experts.add(found);
    modules.addAll(wanted);
    return found.read(this::tensor);
  }
}
