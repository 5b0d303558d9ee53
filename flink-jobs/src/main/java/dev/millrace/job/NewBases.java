package dev.millrace.job;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.serve.Carrier;
import dev.millrace.model.serve.Carriers;
import dev.millrace.model.swap.BaseSource;
import dev.millrace.model.swap.NewBase;
import dev.millrace.model.swap.Rebased;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.schema.ReleaseEvent;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.util.FileUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Released bases, fetched into a folder that lasts until they are open. They stay open until this
 * is closed, for what is being answered by one may outlast its time: so there are few of them.
 */
final class NewBases implements BaseSource, AutoCloseable {

  /** Bases that one subtask may have open beside those that it began with. */
  static final int MOST = 2;

  private static final Logger LOG = LoggerFactory.getLogger(NewBases.class);
  private static final int[] WARM_UP = {0, 1};

  /** Subtasks of one process fetch the same base one after the other. */
  private static final Object FETCHING = new Object();

  private final Path configured;
  private final String configuredId;
  private final int positions;
  private final ReleaseFiles files;
  private final Carriers carriers;
  private volatile boolean stopped;
  private final List<Carrier> added = new ArrayList<>();

  /** By id; as few as domains that somebody brought to a base. */
  private final Map<String, Rebased> rebased = new HashMap<>();

  /**
   * New bases for who answers by these carriers.
   *
   * @param configured folder of the base whose place they may take
   * @param base the same, open
   */
  NewBases(Path configured, BaseModel base, ReleaseFiles files, Carriers carriers) {
    this.configured = configured;
    this.configuredId = base.id();
    this.positions = base.config().maxPositionEmbeddings();
    this.files =
        (uri, maxBytes) -> {
          requireOpen();
          return files.read(uri, maxBytes);
        };
    this.carriers = carriers;
  }

  /** Whoever ends the job waits for nobody's download. */
  private void requireOpen() throws IOException {
    if (stopped) {
      throw new IOException("closed: the job ends");
    }
  }

  @Override
  public void stop() {
    stopped = true;
  }

  @Override
  public synchronized @Nullable NewBase open(ReleaseEvent event) throws IOException {
    Manifest manifest = BaseRelease.manifest(files, event);
    String id = BaseRelease.base(manifest);
    if (!manifest.base().equals(configuredId) && !id.equals(configuredId)) {
      LOG.warn(
          "base {} takes the place of base {}, and is passed over: base.dir is {}, base {}",
          id,
          manifest.base(),
          configured,
          configuredId);
      return null;
    }
    Map<String, String> taught = new HashMap<>();
    BaseRelease.taught(files, event.uri(), manifest)
        .forEach((domain, of) -> taught.put(domain, of.release()));
    BaseModel known = carriers.find(id);
    BaseModel base = known == null ? fetched(event, manifest, id) : known;
    return new NewBase(base, taught, rebased(event, manifest, base));
  }

  /**
   * What is gone from the store, to be forgotten, or must not serve leaves its domain where it is.
   */
  private Map<String, Rebased> rebased(ReleaseEvent event, Manifest manifest, BaseModel base)
      throws IOException {
    Map<String, Rebased> all = new HashMap<>();
    for (Map.Entry<String, BaseRelease.Rebased> of :
        BaseRelease.rebased(files, event.uri(), manifest).entrySet()) {
      String id = of.getValue().release();
      try {
        all.put(of.getKey(), read(event, id, of.getKey(), base));
      } catch (InvalidReleaseException | FileNotFoundException | NoSuchFileException e) {
        LOG.warn(
            "domain {} stays on its base: release {} of base {} cannot serve: {}",
            of.getValue().domain(),
            id,
            base.id(),
            e + "");
      }
    }
    return all;
  }

  private Rebased read(ReleaseEvent event, String id, String parent, BaseModel base)
      throws IOException {
    String uri = event.uri().replaceFirst("/+$", "");
    String store = uri.substring(0, uri.length() - event.release().length());
    Release release = ReleaseReader.read(files, store + id, id, base.id(), base.sites());
    if (!parent.equals(release.manifest().parent())) {
      throw new InvalidReleaseException(
          "it came of %s, expected %s".formatted(release.manifest().parent(), parent));
    }
    Rebased known = rebased.get(id);
    if (known != null) {
      return known;
    }
    LoadedAdapter adapter = base.under(release.manifest().routing()).load(release.adapter());
    try {
      requireFinite(base, adapter);
    } catch (RuntimeException | Error e) {
      adapter.close();
      throw e;
    }
    Rebased loaded = new Rebased(id, release.manifest(), adapter);
    rebased.put(id, loaded);
    return loaded;
  }

  private static void requireFinite(BaseModel base, LoadedAdapter adapter) {
    double logProb = base.score(List.of(new Sequence(WARM_UP, adapter))).get(0).logProb();
    if (!Double.isFinite(logProb)) {
      throw new InvalidReleaseException(
          "not-finite: it scores " + logProb + ", expected a finite number");
    }
  }

  /** Opens what no carrier has yet; the same base, released anew, is open once. */
  private BaseModel fetched(ReleaseEvent event, Manifest manifest, String id) throws IOException {
    if (added.size() >= MOST) {
      throw new InvalidReleaseException(
          "%d released bases are open, expected fewer than %d: stop the job with a savepoint, and submit it with the newest as base.dir"
              .formatted(added.size(), MOST));
    }
    synchronized (FETCHING) {
      Path folder = Files.createTempDirectory("millrace-base-");
      try {
        BaseRelease.fetch(files, event.uri(), manifest, folder);
        requireTokenizer(folder);
        BaseModel base = DjlModels.open(folder, Precision.INT8);
        try {
          requireFits(base, id);
          requireOpen();
          Carrier carrier = new Carrier(base, Tokenizers.open(folder));
          added.add(carrier);
          carriers.add(carrier);
          return base;
        } catch (IOException | RuntimeException | Error e) {
          base.close();
          throw e;
        }
      } finally {
        FileUtils.deleteDirectory(folder.toFile());
      }
    }
  }

  private void requireFits(BaseModel base, String id) {
    if (!base.id().equals(id)) {
      throw new InvalidReleaseException(
          "its files are base " + base.id() + ", expected " + id + ", which was judged");
    }
    int found = base.config().maxPositionEmbeddings();
    if (found < positions) {
      throw new InvalidReleaseException(
          "it has %d positions, expected at least %d: requests may be that long"
              .formatted(found, positions));
    }
    requireFinite(base, base.noAdapter());
  }

  private void requireTokenizer(Path folder) throws IOException {
    String problem = otherTokens(configured, folder);
    if (problem != null) {
      throw new InvalidReleaseException(problem);
    }
  }

  /** Why a base does not make the tokens of another, by which domains know their texts; or null. */
  static @Nullable String otherTokens(Path before, Path folder) throws IOException {
    long mismatch =
        Files.mismatch(before.resolve(Tokenizers.FILE), folder.resolve(Tokenizers.FILE));
    if (mismatch >= 0) {
      return "%s of %s differs from that of %s from byte %d on, expected the same"
          .formatted(Tokenizers.FILE, folder, before, mismatch);
    }
    int[] expected = Tokenizers.bos(before);
    int[] found = Tokenizers.bos(folder);
    return Arrays.equals(expected, found)
        ? null
        : "texts begin with tokens %s in %s, expected %s as in %s"
            .formatted(Arrays.toString(found), folder, Arrays.toString(expected), before);
  }

  @Override
  public synchronized void close() {
    rebased.values().forEach(of -> of.adapter().close());
    rebased.clear();
    for (Carrier carrier : added) {
      carrier.tokenizer().close();
      carrier.base().close();
    }
    added.clear();
  }
}
