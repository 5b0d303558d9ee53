package dev.millrace.job.bench.serve;

import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.peft.Lora;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.ReleaseSigner;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.model.release.TrustedKeys;
import dev.millrace.model.swap.ReleaseSource;
import dev.millrace.schema.ReleaseEvent;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Signed releases of random adapters of a base, in a store of their own. */
public final class SwapReleases {

  /** The domain of all of them. */
  public static final String DOMAIN = "swap";

  private final BaseModel base;
  private final ReleaseStore store;
  private final ReleaseSource source;

  public SwapReleases(BaseModel base, Path folder) throws NoSuchAlgorithmException {
    this.base = base;
    KeyPair keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    Base64.Encoder base64 = Base64.getEncoder();
    this.store =
        ReleaseStore.of(
            StoreFiles.in(folder),
            ReleaseSigner.ofKey(base64.encodeToString(keys.getPrivate().getEncoded())));
    TrustedKeys trusted = TrustedKeys.parse(base64.encodeToString(keys.getPublic().getEncoded()));
    this.source = ReleaseSource.of(trusted.guard(new FlinkReleaseFiles()), base);
  }

  /** Fetches and verifies them, signatures included. */
  ReleaseSource source() {
    return source;
  }

  /** The rank whose adapter of all sites has about so many bytes. */
  int rank(int bytes) {
    int perRank = linear().mapToInt(site -> site.in() + site.out()).sum();
    return Math.max(1, bytes / Float.BYTES / perRank);
  }

  /** A release before it is published; the seed draws its adapter. */
  public Draft draft(int rank, long seed) {
    return draft(DOMAIN, rank, seed);
  }

  /** The same of any domain. */
  Draft draft(String domain, int rank, long seed) {
    SortedMap<String, byte[]> files = Lora.KIND.toFiles(adapter(rank, seed), "");
    Manifest manifest =
        new Manifest(
            null,
            domain,
            base.id(),
            ReleaseFile.of(files),
            "int8-row",
            Routing.topK(base.config().router().topK()),
            null,
            seed & Long.MAX_VALUE, // jobs take no batch below 0
            List.of(),
            List.of(),
            new TrainingPlan(seed, new TreeMap<>(), 1, 1, "random", "none"),
            List.of(),
            null);
    return new Draft(manifest, files);
  }

  /** Writes it to the store, signed; gives the event that makes it current. */
  public ReleaseEvent publish(Draft draft) {
    ReleaseEvent.Action any = ReleaseEvent.Action.ROLLBACK; // may take any other's place
    return draft.manifest().event(any, store.publish(draft), "benchmark");
  }

  private Stream<Site> linear() {
    return base.sites().stream()
        .filter(site -> site.place() == Site.Place.LINEAR && !site.isGate());
  }

  private AdapterWeights adapter(int rank, long seed) {
    List<String> targets =
        linear()
            .map(Site::name)
            .map(name -> name.substring(name.lastIndexOf('.') + 1))
            .distinct()
            .sorted()
            .toList();
    LoraConfig config = new LoraConfig(rank, rank, false, targets);
    SplittableRandom random = new SplittableRandom(seed);
    List<LoraPair> pairs = new ArrayList<>();
    for (LoraPair pair : LoraWeights.initial(config, base.sites(), seed).pairs()) {
      float[] b = new float[pair.b().length];
      for (int i = 0; i < b.length; i++) {
        b[i] = (float) (0.02 * random.nextGaussian() / Math.sqrt(rank));
      }
      pairs.add(new LoraPair(pair.site(), pair.a(), b));
    }
    return Quantizer.quantize(new LoraWeights(config, pairs));
  }
}
