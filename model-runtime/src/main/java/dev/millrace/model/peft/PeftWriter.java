package dev.millrace.model.peft;

import dev.millrace.model.adapter.Site;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.SafetensorsWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Lays an adapter out as PEFT's files have it. */
final class PeftWriter {

  private final LoraWeights adapter;
  private final boolean byModule;
  private final boolean inBlocks;

  PeftWriter(LoraWeights adapter) {
    this.adapter = adapter;
    this.byModule = adapter.config().layout() == ExpertLayout.MODULES;
    this.inBlocks =
        experts().stream()
            .filter(p -> p.site().parts().size() > 1)
            .allMatch(ExpertModules::inBlocks);
  }

  private List<LoraPair> experts() {
    return adapter.pairs().stream().filter(p -> p.site().place() == Site.Place.EXPERTS).toList();
  }

  /** As the file says it. */
  LoraConfig config() {
    LoraConfig config = adapter.config();
    if (!byModule || experts().isEmpty()) {
      return config;
    }
    List<String> stacks = experts().stream().map(p -> p.site().name()).toList();
    Patterns patterns =
        new Patterns(
            config
                .withoutPatternsOf(stacks)
                .withParameters(
                    config.targetParameters().stream()
                        .filter(t -> stacks.stream().noneMatch(s -> Targets.cover(List.of(t), s)))
                        .toList()));
    // a pattern of the stacks' may have been theirs too
    patterns.needLinear(adapter.pairs(), adapter::scale);
    for (LoraPair pair : experts()) {
      for (int part = 0; part < pair.site().parts().size(); part++) {
        String alike = Patterns.lastParts(pair.site().parts().get(part), 3).replace("%d", "\\d+");
        for (int e = 0; e < pair.site().experts(); e++) {
          String name = ModuleNames.expert(pair.site(), e, part);
          patterns.need(name, alike, rank(pair), adapter.scale(pair));
        }
      }
    }
    return patterns.config();
  }

  private int rank(LoraPair pair) {
    return inBlocks ? pair.rank() / pair.site().parts().size() : pair.rank();
  }

  byte[] weights() {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    for (LoraPair pair : adapter.pairs()) {
      if (pair.site().place() == Site.Place.LINEAR) {
        add(writer, name(pair.site()), pair.rank(), pair.a(), pair.b());
      } else if (byModule) {
        addModules(writer, pair);
      } else {
        addParameter(writer, pair);
      }
    }
    return writer.toBytes();
  }

  private String name(Site linear) {
    return adapter.config().targetsWeight(linear) ? linear.name() : ModuleNames.module(linear);
  }

  private static void add(SafetensorsWriter writer, String name, int rank, float[] a, float[] b) {
    String module = PeftFolder.PREFIX + name;
    writer.add(module + PeftFolder.A, DType.F32, a, rank, a.length / rank);
    writer.add(module + PeftFolder.B, DType.F32, b, b.length / rank, rank);
  }

  private void addParameter(SafetensorsWriter writer, LoraPair pair) {
    List<Site> wrapped = experts().stream().map(LoraPair::site).toList();
    add(
        writer,
        ExpertParameters.name(pair.site(), wrapped),
        pair.rank() * pair.site().experts(),
        pair.a(),
        ExpertParameters.interleaved(pair));
  }

  private void addModules(SafetensorsWriter writer, LoraPair pair) {
    Set<String> targets = Set.copyOf(adapter.config().targetModules());
    for (int e = 0; e < pair.site().experts(); e++) {
      for (int part = 0; part < pair.site().parts().size(); part++) {
        String name = ModuleNames.expert(pair.site(), e, part);
        if (Targets.cover(targets, name)) {
          addModule(writer, name, pair, e, part);
        }
      }
    }
  }

  private void addModule(
      SafetensorsWriter writer, String name, LoraPair pair, int expert, int part) {
    Site site = pair.site();
    int rank = rank(pair);
    int first = inBlocks ? part * rank : 0;
    int from = (expert * pair.rank() + first) * site.in();
    float[] a = Arrays.copyOfRange(pair.a(), from, from + rank * site.in());
    int rows = site.out() / site.parts().size();
    float[] b = new float[rows * rank];
    for (int o = 0; o < rows; o++) {
      int row = (expert * site.out() + part * rows + o) * pair.rank() + first;
      System.arraycopy(pair.b(), row, b, o * rank, rank);
    }
    add(writer, name, rank, a, b);
  }
}
