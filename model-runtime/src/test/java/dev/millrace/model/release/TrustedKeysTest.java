package dev.millrace.model.release;

import static dev.millrace.model.release.SignedReleaseTest.pair;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrustedKeysTest {
  private static final byte[] MANIFEST = "{\"any\":\"bytes\"}".getBytes(StandardCharsets.UTF_8);
  private static final KeyPair OLD = pair();
  private static final KeyPair NEW = pair();

  private final Map<String, byte[]> store = new HashMap<>(Map.of("s:/r/manifest.json", MANIFEST));

  @Test
  void guard_signedByAnyTrustedKey_handsTheManifestOut() throws IOException {
    for (KeyPair signer : new KeyPair[] {OLD, NEW}) {
      sign(signer);
      assertArrayEquals(MANIFEST, read(publicKey(OLD) + ", " + publicKey(NEW)));
    }
  }

  @Test
  void guard_keyTakenOutOfTheList_isTrustedNoMore() {
    sign(OLD);
    assertRefused("by none of the 1 trusted keys", publicKey(NEW));
  }

  /** What was verified is remembered: what was refused is not. */
  @Test
  void guard_refusedBefore_isRefusedAgainUntilATrustedKeySigns() throws IOException {
    ReleaseFiles guarded = TrustedKeys.parse(publicKey(NEW)).guard(new FilesInMemory(store));
    sign(OLD);
    for (int i = 0; i < 2; i++) {
      assertThrows(
          InvalidReleaseException.class, () -> guarded.read("s:/r/manifest.json", 1 << 20));
    }
    sign(NEW);
    assertArrayEquals(MANIFEST, guarded.read("s:/r/manifest.json", 1 << 20));
  }

  @Test
  void guard_noSignature_isRefusedWhereAKeyIsConfiguredAlone() throws IOException {
    assertRefused("it is not signed", publicKey(OLD));
    assertArrayEquals(MANIFEST, read(""));
  }

  @Test
  void guard_anyByteOfManifestOrSignatureFlipped_isRefused() {
    sign(OLD);
    for (String name : store.keySet().toArray(String[]::new)) {
      byte[] whole = store.get(name);
      for (int i = 0; i < whole.length; i++) {
        for (int bit = 1; bit < 256; bit <<= 1) {
          byte[] flipped = whole.clone();
          flipped[i] ^= (byte) bit;
          store.put(name, flipped);
          assertThrows(InvalidReleaseException.class, () -> read(publicKey(OLD)), name + " " + i);
        }
      }
      store.put(name, whole);
    }
  }

  @Test
  void guard_signatureOfAnyOtherLength_isRefused() {
    sign(OLD);
    byte[] whole = store.get("s:/r/" + ReleaseSignature.FILE);
    for (int length = 0; length < 2 * whole.length; length++) {
      if (length != whole.length) {
        store.put("s:/r/" + ReleaseSignature.FILE, Arrays.copyOf(whole, length));
        assertThrows(InvalidReleaseException.class, () -> read(publicKey(OLD)));
      }
    }
  }

  /** The file is as long, for base64 has room: Java's verifier takes such a signature. */
  @Test
  void guard_oneByteBehindTheSignature_isRefused() {
    sign(OLD);
    String name = "s:/r/" + ReleaseSignature.FILE;
    byte[] signature = ReleaseSignature.decode(store.get(name));
    for (int last = 0; last < 256; last++) {
      byte[] longer = Arrays.copyOf(signature, signature.length + 1);
      longer[signature.length] = (byte) last;
      byte[] file = ReleaseSignature.encode(longer);
      assertEquals(ReleaseSignature.FILE_BYTES, file.length);
      store.put(name, file);
      assertRefused("it is no Ed25519 signature", publicKey(OLD));
    }
  }

  @Test
  void guard_storeFails_mayBeTriedAgain() {
    ReleaseFiles failing =
        (uri, max) -> {
          if (uri.endsWith(ReleaseSignature.FILE)) {
            throw new IOException("timeout");
          }
          return MANIFEST;
        };
    ReleaseFiles guarded = TrustedKeys.parse(publicKey(OLD)).guard(failing);
    assertEquals(
        "timeout",
        assertThrows(IOException.class, () -> guarded.read("s:/r/manifest.json", 99)).getMessage());
  }

  @Test
  void sign_signedOrNot_theIdIsTheManifestsAlone() {
    assertTrue(ReleaseSigner.none().sign(MANIFEST).isEmpty());
    assertEquals(
        java.util.Set.of(ReleaseSignature.FILE),
        ReleaseSigner.ofKey(privateKey(OLD)).sign(MANIFEST).keySet());
  }

  @Test
  void take_signerOfATrustedKey_alone() {
    ReleaseSigner signer = ReleaseSigner.ofKey(privateKey(NEW));
    assertTrue(TrustedKeys.parse(publicKey(OLD) + "," + publicKey(NEW)).take(signer));
    assertFalse(TrustedKeys.parse(publicKey(OLD)).take(signer));
    assertFalse(TrustedKeys.parse(publicKey(OLD)).take(ReleaseSigner.none()));
    assertTrue(TrustedKeys.parse("").take(signer));
    assertTrue(TrustedKeys.parse("").take(ReleaseSigner.none()));
  }

  @Test
  void parse_noKey_saysWhatWasExpectedAndNeverRepeatsASecret() {
    assertThrows(IllegalArgumentException.class, () -> TrustedKeys.parse("nonsense"));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> ReleaseSigner.ofKey("c2VjcmV0"));
    assertFalse(e.getMessage().contains("c2VjcmV0"));
  }

  private void sign(KeyPair pair) {
    String pem =
        "-----BEGIN PRIVATE KEY-----\n" + privateKey(pair) + "\n-----END PRIVATE KEY-----\n";
    ReleaseSigner.ofKey(pem)
        .sign(MANIFEST)
        .forEach((name, bytes) -> store.put("s:/r/" + name, bytes));
  }

  private byte[] read(String keys) throws IOException {
    return TrustedKeys.parse(keys)
        .guard(new FilesInMemory(store))
        .read("s:/r/manifest.json", 1 << 20);
  }

  private void assertRefused(String reason, String keys) {
    InvalidReleaseException e = assertThrows(InvalidReleaseException.class, () -> read(keys));
    assertTrue(e.getMessage().contains(reason), e::getMessage);
  }

  private static String publicKey(KeyPair pair) {
    return Base64.getEncoder().encodeToString(pair.getPublic().getEncoded());
  }

  private static String privateKey(KeyPair pair) {
    return Base64.getEncoder().encodeToString(pair.getPrivate().getEncoded());
  }
}
