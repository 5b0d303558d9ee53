package dev.millrace.model.release;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.AdapterPlan;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.kinds.AdapterKinds;
import dev.millrace.model.swap.FakeReleases;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Releases that a trusted key has signed, and that must not serve all the same. */
class SignedReleaseTest {
  private static final String BASE = "b0";
  private static final int EXPERTS = 3;
  private static final int RANK = 2;
  private static final List<Site> SITES = sites(EXPERTS, 6);
  private static final KeyPair KEY = pair();
  private static final ReleaseSigner SIGNER =
      ReleaseSigner.ofKey(Base64.getEncoder().encodeToString(KEY.getPrivate().getEncoded()));
  private static final TrustedKeys TRUSTED =
      TrustedKeys.parse(Base64.getEncoder().encodeToString(KEY.getPublic().getEncoded()));

  private final Map<String, byte[]> store = new HashMap<>();
  private String id = "";

  @Test
  void read_fits_isARelease() throws IOException {
    sign(BASE, files(adapter(SITES, RANK)));
    assertEquals(SITES.size(), read().adapter().deltas().size());
  }

  @Test
  void read_ofAnotherBase_isRefused() {
    sign("b1", files(adapter(SITES, RANK)));
    assertRefused("base is b1, expected b0");
  }

  @Test
  void read_ofAnotherRankThanItSays_isRefused() {
    SortedMap<String, byte[]> files = files(adapter(SITES, RANK));
    files.put(AdapterFolder.WEIGHTS, files(adapter(SITES, 3)).get(AdapterFolder.WEIGHTS));
    sign(BASE, files);
    assertRefused("shape [3, 6], expected [2, 6]");
  }

  @Test
  void read_ofAnotherNumberOfExperts_isRefused() {
    for (int experts : new int[] {EXPERTS - 1, EXPERTS + 1, 64}) {
      sign(BASE, files(adapter(sites(experts, 6), RANK)));
      assertRefused("shape [" + RANK * experts + ", 6], expected [" + RANK * EXPERTS + ", 6]");
    }
  }

  @Test
  void read_ofAnotherWidth_isRefused() {
    sign(BASE, files(adapter(sites(EXPERTS, 7), RANK)));
    assertRefused("shape [2, 7], expected [2, 6]");
  }

  @Test
  void read_ofNumbersThatAreNoWeights_isRefused() {
    for (String type : List.of("I32", "U32", "F64", "F16")) {
      SortedMap<String, byte[]> files = files(adapter(SITES, RANK));
      String weights = text(files.get(AdapterFolder.WEIGHTS));
      String other = weights.replace("\"F32\"", "\"" + type + "\"");
      assertNotEquals(weights, other);
      files.put(AdapterFolder.WEIGHTS, other.getBytes(StandardCharsets.ISO_8859_1));
      sign(BASE, files);
      assertRefused(AdapterFolder.WEIGHTS);
    }
  }

  @Test
  void read_oneWeightNotFiniteOrEnormousInAnyFactor_isRefused() {
    AdapterWeights good = adapter(SITES, RANK);
    for (float bad :
        new float[] {
          Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1025, -1025, Float.MAX_VALUE
        }) {
      for (int factor = 0; factor < good.factors().size(); factor++) {
        List<float[]> values = new ArrayList<>();
        good.factors().forEach(f -> values.add(f.values().clone()));
        float[] broken = values.get(factor);
        broken[broken.length - 1] = bad;
        sign(BASE, files(good.with(values)));
        assertRefused(String.valueOf(bad));
      }
    }
  }

  @Test
  void read_namesThatLeaveTheFolder_areRefusedBeforeAnythingElseIsRead() {
    for (String name :
        List.of(
            "../x", "a/b", "..", ".", "/etc/passwd", "a\\b", "x\u0000y", "", ".part", "%2e%2e")) {
      SortedMap<String, byte[]> files = files(adapter(SITES, RANK));
      files.put(name, new byte[] {1});
      sign(BASE, files);
      store.keySet().removeIf(file -> !file.contains("manifest"));
      assertRefused("file name is " + name);
    }
  }

  private void assertRefused(String reason) {
    InvalidReleaseException e = assertThrows(InvalidReleaseException.class, this::read, reason);
    assertTrue(e.getMessage().contains(reason), () -> e.getMessage() + ", expected " + reason);
  }

  private Release read() throws IOException {
    return ReleaseReader.read(TRUSTED.guard(new FilesInMemory(store)), "s:", id, BASE, SITES);
  }

  private void sign(String base, SortedMap<String, byte[]> files) {
    Manifest manifest =
        FakeReleases.manifest(base, null, "java", 0, Routing.topK(2), ReleaseFile.of(files));
    store.clear();
    files.forEach((name, bytes) -> store.put("s:/" + name, bytes));
    store.put("s:/" + Manifest.FILE, manifest.toBytes());
    SIGNER.sign(manifest.toBytes()).forEach((name, bytes) -> store.put("s:/" + name, bytes));
    id = manifest.id();
  }

  private static SortedMap<String, byte[]> files(AdapterWeights adapter) {
    return new TreeMap<>(AdapterFolder.toFiles(adapter, "base"));
  }

  private static AdapterWeights adapter(List<Site> sites, int rank) {
    return AdapterKinds.named("lora").initial(new AdapterPlan(rank, 2 * rank, true), sites, 5);
  }

  private static List<Site> sites(int experts, int width) {
    String all = "model.layers.0.mlp.experts";
    return List.of(
        Site.linear("model.layers.0.self_attn.q_proj", width, 4),
        Site.experts(
            all + ".gate_up_proj",
            width,
            8,
            experts,
            List.of(all + ".%d.gate_proj", all + ".%d.up_proj")));
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  static KeyPair pair() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
