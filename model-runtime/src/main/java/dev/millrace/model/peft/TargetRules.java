package dev.millrace.model.peft;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which modules an adapter_config.json targets (PEFT's check_target_module_exists).
 *
 * @param regex target_modules where it is a text
 * @param ends target_modules where it is a list
 * @param exceptRegex exclude_modules where it is a text
 * @param exceptEnds exclude_modules where it is a list
 * @param layers layers_to_transform; null for all
 * @param layersPatterns layers_pattern; empty for any
 */
record TargetRules(
    @Nullable NamePattern regex,
    Set<String> ends,
    @Nullable NamePattern exceptRegex,
    Set<String> exceptEnds,
    @Nullable Set<String> layers,
    List<NamePattern> layersPatterns) {

  /** Of target_modules "all-linear". */
  static final NamePattern ALL = new NamePattern("target_modules", ".*", Steps.UNBOUNDED);

  /** What the names of layers begin with where no layers_pattern is given. */
  static final NamePattern ANY_LAYERS = layers("[^.]*", Steps.UNBOUNDED);

  /** The first number behind such a name, as PEFT 0.20 takes it: older ones took an expert's. */
  static NamePattern layers(String pattern, Steps steps) {
    return new NamePattern("layers_pattern", ".*?\\." + pattern + "\\.(\\d+)\\.", steps);
  }

  boolean target(String module) {
    if (excluded(module)) {
      return false;
    }
    if (regex != null) {
      return regex.fits(module);
    }
    return ends.contains(module) || (Targets.cover(ends, module) && inLayers(module));
  }

  private boolean excluded(String module) {
    return exceptRegex != null ? exceptRegex.fits(module) : Targets.cover(exceptEnds, module);
  }

  private boolean inLayers(String module) {
    if (layers == null) {
      return true;
    }
    for (NamePattern pattern : layersPatterns) {
      String layer = pattern.group(module);
      if (layer != null) {
        return layers.contains(layer);
      }
    }
    return false;
  }

  /** The listed ends that cover none of these names. */
  Set<String> unknownAmong(Collection<String> names) {
    Set<String> unknown = new HashSet<>(ends);
    names.forEach(name -> unknown.removeAll(Targets.ends(name)));
    return unknown;
  }
}
