package dev.millrace.job.cli.releases;

import dev.millrace.adapter.Rebaser;
import dev.millrace.adapter.Retrainer;
import dev.millrace.adapter.align.PairPlaces;
import dev.millrace.adapter.align.PairRetrainer;
import dev.millrace.adapter.train.Machine;
import dev.millrace.job.BaseTexts;
import dev.millrace.job.Openers;
import dev.millrace.job.TaughtSamples;
import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.BrokerOption;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.StoreOption;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.releases.Reproduction;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.align.AlignRelease;
import dev.millrace.model.align.KnownPairs;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.model.score.PairPlacer;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "reproduce",
    description = {
      "Reads the samples behind a release from their recorded offsets, trains its lineage again, and",
      "compares the digests. Of an alignment, --set names what learn ran with and no manifest holds:",
      "score.model.trainTokens, score.model.readTokens and base.align."
    },
    footer = {"", "Example:", "  ./millrace releases reproduce 3f9a  # the beginning is enough"})
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ReproduceCommand implements Callable<Integer> {

  @Mixin private Output output;
  @Mixin private BrokerOption broker;
  @Mixin private StoreOption store;
  @Mixin private BaseOption base;

  @Parameters(paramLabel = "ID", description = "A release id, or its beginning.")
  private String id;

  @Override
  public Integer call() throws Exception {
    Path folder = base.folder(broker);
    StoredReleases stored = StoredReleases.read(store.folder(broker), output.err()::println);
    Reproduction reproduction = new Reproduction(stored, stored.find(id));
    MillraceConfig config =
        broker.require(output.err()).with(Map.of("base.dir", folder.toString()));
    Manifest manifest = stored.manifest(reproduction.release());
    if (manifest.kind() == ReleaseEvent.Kind.BASE) {
      throw new IllegalArgumentException(
          "release %s is a base, expected an adapter or an alignment: a base is made outside the jobs"
              .formatted(reproduction.release()));
    }
    if (Rebaser.isRebased(manifest)) {
      throw new IllegalArgumentException(
          "release %s was brought from another base, expected one that learn trained: a base and what is brought to it are made outside the jobs"
              .formatted(reproduction.release()));
    }
    sayIfTheMachineDiffers(manifest.plan());
    Map<Origin, Sample> samples = samples(config, reproduction);
    boolean same =
        manifest.isOfAlignment()
            ? alignment(config, reproduction, samples)
            : adapter(config, reproduction, samples);
    String text =
        "release " + reproduction.release() + (same ? " is the same, byte for byte" : " DIFFERS");
    return output.result(
        Map.of(
            "release", reproduction.release(),
            "trained", reproduction.lineage().size(),
            "same", same),
        text,
        same ? List.of() : List.of(text));
  }

  private boolean adapter(
      MillraceConfig config, Reproduction reproduction, Map<Origin, Sample> samples)
      throws IOException {
    Path folder = Path.of(config.base().dir());
    Manifest manifest = reproduction.stored().manifest(reproduction.release());
    try (BaseModel base = DjlModels.open(folder, Precision.INT8);
        Tokenizer tokenizer = Tokenizers.open(folder)) {
      if (!base.id().equals(manifest.base())) {
        throw new IllegalArgumentException(
            "base " + folder + " is " + base.id() + ", expected " + manifest.base());
      }
      int most =
          Math.max(
              config.score().model().trainTokens(),
              LearnedSample.mostTokens(reproduction.learned()));
      SampleTokens tokens = new SampleTokens(tokenizer, most);
      Retrainer retrainer =
          new Retrainer(
              base,
              BaseTexts.anchors(folder, tokenizer),
              Reproduction::config,
              origin -> tokens.of(Objects.requireNonNull(samples.get(origin)).teaches()),
              config.score().model().trainTokens());
      return reproduction.run(
          retrainer, (id, same) -> say(reproduction, id, same, retrainer::unnamed));
    }
  }

  private boolean alignment(
      MillraceConfig config, Reproduction reproduction, Map<Origin, Sample> samples)
      throws Exception {
    Opened<PairPlacer> placer = Openers.placer(config);
    try {
      KnownPairs known = Openers.knownPairs(config);
      requireOfThese(reproduction, placer.value().base().id(), known.encoders());
      Map<Origin, PairPlaces> pairs = new HashMap<>();
      for (Sample sample : samples.values()) {
        pairs.put(sample.origin(), PairPlaces.of(sample, placer.value().places(sample)));
      }
      PairRetrainer retrainer =
          new PairRetrainer(
              known, Reproduction::alignment, origin -> Objects.requireNonNull(pairs.get(origin)));
      return reproduction.run(
          retrainer,
          placer.value().base().id(),
          (id, same) -> say(reproduction, id, same, retrainer::unnamed));
    } finally {
      placer.close();
    }
  }

  private static void requireOfThese(Reproduction reproduction, String base, String encoders)
      throws IOException {
    String release = reproduction.release();
    AlignRelease unused =
        AlignRelease.read(
            new FlinkReleaseFiles(), reproduction.stored().uri(release), release, base, encoders);
  }

  private void say(
      Reproduction reproduction,
      String release,
      boolean same,
      Function<Manifest, List<String>> unnamed) {
    output.err().println(reproduction.found(release, same, unnamed));
  }

  private void sayIfTheMachineDiffers(TrainingPlan plan) {
    Machine here = Openers.machine();
    Machine there = new Machine(plan.threads(), plan.engine(), plan.cpuFeatures());
    if (!here.equals(there)) {
      output.say("trained on %s, this is %s: the bytes may well differ", there, here);
    }
  }

  private static Map<Origin, Sample> samples(MillraceConfig config, Reproduction reproduction) {
    Map<Origin, String> ids = reproduction.samples();
    Map<Origin, Sample> samples = TaughtSamples.read(config.kafka(), ids);
    String gone = TaughtSamples.gone(ids, samples.keySet());
    if (!gone.isEmpty()) {
      throw new IllegalStateException(gone + "; expected all that are behind it");
    }
    return samples;
  }
}
