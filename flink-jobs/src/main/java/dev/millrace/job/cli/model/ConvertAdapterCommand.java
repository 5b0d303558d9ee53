package dev.millrace.job.cli.model;

import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Difference;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.config.JsonFields;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.peft.ExpertLayout;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.peft.PeftFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

@Command(
    name = "convert-adapter",
    description = {
      "Writes a PEFT adapter of routed experts in PEFT's other layout: one pair of matrices a",
      "stacked parameter (target_parameters, transformers 5), or one an expert and module",
      "(target_modules, transformers 4). What it adds stays the same: ranks grow where gate and",
      "up have different A. The result is read again and compared before the command ends."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace model convert-adapter my-adapter --base models/nano --to modules --out as-modules",
      "  ./millrace model convert-adapter as-modules --base models/nano --to parameters --out back"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ConvertAdapterCommand implements Callable<Integer> {

  private static final double ROUNDING = 1e-6;

  @Mixin private Output output;

  @Option(
      names = "--base",
      paramLabel = "DIR",
      required = true,
      description = "The base's folder, of which config.json is read.")
  private Path base;

  @Option(
      names = "--to",
      paramLabel = "LAYOUT",
      required = true,
      description = "modules or parameters.")
  private String layout;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "The folder to write; it must not hold an adapter yet.")
  private Path out;

  @Parameters(paramLabel = "ADAPTER", description = "The PEFT folder to convert.")
  private Path folder;

  @Override
  public Integer call() throws Exception {
    if (Files.exists(out.resolve(AdapterFolder.CONFIG))) {
      throw new ParameterException(
          output.commandLine(), "--out is " + out + ", which holds an adapter, expected a new one");
    }
    ExpertLayout wanted = layout();
    Path config = BaseOption.require("base", base).resolve("config.json");
    List<Site> sites = DjlModels.sites(MoeConfigs.read(config));
    LoraWeights adapter = lora(AdapterFolder.read(folder, sites));
    LoraWeights converted = PeftFolder.in(wanted, adapter, sites);
    AdapterFolder.write(converted, baseName(), out);
    double difference = Difference.of(adapter, AdapterFolder.read(out, sites), 1);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("out", out.toString());
    json.put("layout", layout);
    json.put("pairs", experts(adapter));
    json.put("difference", difference);
    output.result(
        json,
        "%s: %d stacked parameters as %s; what they add differs by %.2g of itself at most"
            .formatted(out, experts(adapter), layout, difference));
    if (!(difference <= ROUNDING)) {
      output.err().println("millrace: difference is " + difference + ", expected " + ROUNDING);
      return Output.FAILED;
    }
    return 0;
  }

  private ExpertLayout layout() {
    return switch (layout) {
      case "modules" -> ExpertLayout.MODULES;
      case "parameters" -> ExpertLayout.PARAMETERS;
      default ->
          throw new ParameterException(
              output.commandLine(), "--to is " + layout + ", expected modules or parameters");
    };
  }

  private LoraWeights lora(AdapterWeights adapter) {
    if (adapter instanceof LoraWeights lora && experts(lora) > 0) {
      return lora;
    }
    throw new ParameterException(
        output.commandLine(),
        "%s holds an adapter of kind %s that adds to no routed expert, expected LoRA that does"
            .formatted(folder, adapter.kind().name()));
  }

  private static long experts(LoraWeights adapter) {
    return adapter.pairs().stream().filter(p -> p.site().place() == Site.Place.EXPERTS).count();
  }

  private String baseName() throws IOException {
    byte[] config = Files.readAllBytes(folder.resolve(AdapterFolder.CONFIG));
    JsonFields json = JsonFields.parse(AdapterFolder.CONFIG, config);
    String name = "base_model_name_or_path";
    return json.orElse(name, "", j -> j.text(name));
  }
}
