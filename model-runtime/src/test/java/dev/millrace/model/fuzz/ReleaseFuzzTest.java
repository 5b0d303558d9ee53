package dev.millrace.model.fuzz;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.model.adapter.Site;
import dev.millrace.model.peft.PeftFolder;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.release.ReleaseSigner;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrustedKeys;
import dev.millrace.model.swap.FakeReleases;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;

/**
 * A signed release of which one file is any other is refused, whichever file and however changed.
 */
@Tag("fuzz")
class ReleaseFuzzTest {

  private static final Path GOLDEN = Golden.folder("olmoe-tiny").resolve("adapter");
  private static final List<Site> SITES = PeftFuzzTest.sites();
  private static final Map<String, byte[]> FILES =
      new TreeMap<>(
          Map.of(
              PeftFolder.CONFIG, Golden.bytes(GOLDEN.resolve(PeftFolder.CONFIG)),
              PeftFolder.WEIGHTS, Golden.bytes(GOLDEN.resolve(PeftFolder.WEIGHTS))));
  private static final Manifest MANIFEST = manifest();
  private static final String TRUSTED = sign();

  @Example
  void read_untouched_isARelease() throws IOException {
    assertFalse(read(FILES::get).isEmpty());
  }

  @Property
  void read_oneFileChanged_isRefused(@ForAll long seed) {
    List<String> names = List.copyOf(FILES.keySet());
    String name = names.get((int) Math.floorMod(seed, (long) names.size()));
    byte[] whole = Objects.requireNonNull(FILES.get(name));
    byte[] changed = Mutation.of(whole, seed);
    if (!Arrays.equals(whole, changed)) {
      assertThrows(
          InvalidReleaseException.class,
          () -> read(file -> file.equals(name) ? changed : FILES.get(file)));
    }
  }

  private interface Store {
    byte[] file(String name);
  }

  private static List<?> read(Store store) throws IOException {
    ReleaseFiles files =
        (uri, max) -> {
          byte[] bytes = store.file(uri.substring(uri.lastIndexOf('/') + 1));
          return bytes.length <= max ? bytes : Arrays.copyOf(bytes, max);
        };
    TrustedKeys trusted = TrustedKeys.parse(TRUSTED); // which know no manifest yet
    return ReleaseReader.read(trusted.guard(files), "memory:/r", MANIFEST.id(), "base", SITES)
        .adapter()
        .factors();
  }

  private static Manifest manifest() {
    return FakeReleases.manifest("base", null, "java", 3, Routing.topK(2), ReleaseFile.of(FILES));
  }

  /** Adds manifest and signature to the files; gives the key that is trusted. */
  private static String sign() {
    try {
      KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
      String secret = Base64.getEncoder().encodeToString(pair.getPrivate().getEncoded());
      byte[] manifest = MANIFEST.toBytes();
      FILES.putAll(ReleaseSigner.ofKey(secret).sign(manifest));
      FILES.put(Manifest.FILE, manifest);
      return Base64.getEncoder().encodeToString(pair.getPublic().getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
